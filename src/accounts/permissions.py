"""Who may call what: the person's permission, and the scope of the token that speaks for the person."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from src.accounts.models import User
from src.core.token_scopes import check_token_scope


class PermissionValidator:
    """The one question about a person's permissions."""

    @staticmethod
    def has_permission(user: Any, permission: str) -> bool:
        """`permission` as `ai.image.manage`. A super admin holds every one; nobody inactive holds any."""
        return isinstance(user, User) and user.is_active and user.has_perm(permission)


class ScopedPermission(BasePermission):
    """Asks `is_allowed` first, then for the scope that the view names for its action (None: any token will do)."""

    def is_allowed(self, user: Any, view: Any) -> bool:
        raise TypeError(f"{type(self).__name__} does not say whom it allows")

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not self.is_allowed(request.user, view):
            return False
        scope = view.get_required_scope()
        if scope is not None:
            check_token_scope(request, scope)
        return True


class AnyActivePerson(ScopedPermission):
    def is_allowed(self, user: Any, view: Any) -> bool:
        return bool(user.is_active)


class SuperAdminOnly(ScopedPermission):
    def is_allowed(self, user: Any, view: Any) -> bool:
        return bool(user.is_active and user.is_superuser)


class AiManagerAccess(ScopedPermission):
    """Holders of `ai.manage`."""

    permission = "ai.manage"

    def is_allowed(self, user: Any, view: Any) -> bool:
        return PermissionValidator.has_permission(user, self.permission)


class AiImageManagerAccess(AiManagerAccess):
    """Holders of `ai.image.manage`."""

    permission = "ai.image.manage"
