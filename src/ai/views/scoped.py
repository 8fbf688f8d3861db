"""The token scope that each action asks for."""

from src.core.token_scopes import PROVIDERS


class ScopedView:
    """`required_scope` for all actions, `scope_by_action` for the ones that differ."""

    required_scope: str = PROVIDERS
    scope_by_action: dict[str, str] = {}

    def get_required_scope(self) -> str:
        return self.scope_by_action.get(getattr(self, "action", None) or "", self.required_scope)
