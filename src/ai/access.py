"""The one gate: what a person may do with a model, and with which key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import models

from src.accounts.permissions import PermissionValidator
from src.ai.models import AdminProviderSettings, AIModel, AIProvider, KeyStatus
from src.ai.providers import get_adapter

GENERATE = "ai.image.manage"


@dataclass(frozen=True)
class AccessSubject:
    """A person as the gate sees one; made once for a list, so that no row costs a query."""

    id: int
    is_active: bool
    is_super_admin: bool
    may_generate: bool
    settings: Mapping[int, AdminProviderSettings] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, user: Any) -> "AccessSubject":
        """One query for the settings, and the permission's where the user has not been asked before."""
        own = AdminProviderSettings.objects.filter(admin=user)
        return cls(
            id=user.pk,
            is_active=user.is_active,
            is_super_admin=user.is_active and user.is_superuser,
            may_generate=PermissionValidator.has_permission(user, GENERATE),
            settings={row.provider_id: row for row in own},
        )


@dataclass(frozen=True)
class Explanation:
    """A state with its reason code, the remedy's code ("" when none is needed) and values for their texts."""

    state: "ModelAccessState"
    reason: str
    remedy: str = ""
    params: dict[str, str] = field(default_factory=dict)


class ModelAccessState(models.TextChoices):
    """The state is the key source: nothing else decides which key is used."""

    AVAILABLE_SHARED = "AVAILABLE_SHARED"
    AVAILABLE_PERSONAL = "AVAILABLE_PERSONAL"
    NO_ACCESS = "NO_ACCESS"
    DISABLED = "DISABLED"

    @property
    def key_source(self) -> str | None:
        """`shared`, `personal`, or None where no key may be used."""
        return KEY_SOURCE_BY_STATE.get(self)

    @classmethod
    def calculate(
        cls,
        provider: AIProvider,
        model: AIModel | None,
        admin: Any,
        *,
        today: date | None = None,
    ) -> "ModelAccessState":
        """`admin` is a user or an AccessSubject (then no query runs); `today` is a UTC date."""
        return cls.explain(provider, model, admin, today=today).state

    @classmethod
    def explain(
        cls,
        provider: AIProvider,
        model: AIModel | None,
        admin: Any,
        *,
        today: date | None = None,
    ) -> Explanation:
        """The state, why it is so, and what would change it."""
        subject = admin if isinstance(admin, AccessSubject) else AccessSubject.of(admin)
        return (
            _disabled(provider, model, subject, today or datetime.now(UTC).date())
            or _not_permitted(subject)
            or _by_keys(provider, subject)
        )


KEY_SOURCE_BY_STATE = {
    ModelAccessState.AVAILABLE_SHARED: "shared",
    ModelAccessState.AVAILABLE_PERSONAL: "personal",
}


def _disabled(provider: AIProvider, model: AIModel | None, subject: AccessSubject, today: date) -> Explanation | None:
    disabled = ModelAccessState.DISABLED
    if not subject.is_active:
        return Explanation(disabled, "person_inactive", "ask_super_admin_to_activate_account")
    if not provider.is_active:
        return Explanation(disabled, "provider_inactive", "ask_super_admin_to_activate_provider")
    if model is None:
        return None
    if not model.is_active:
        return Explanation(disabled, "model_inactive", "ask_super_admin_to_activate_model")
    if model.has_ended(today):
        params = {"date": str(model.shutdown_date), "replacement": model.replacement}
        remedy = "choose_replacement" if model.replacement else "choose_another_model"
        return Explanation(disabled, "model_shut_down", remedy, params)
    return None


def _not_permitted(subject: AccessSubject) -> Explanation | None:
    if subject.is_super_admin or subject.may_generate:
        return None
    return Explanation(ModelAccessState.NO_ACCESS, "permission_missing", "ask_super_admin_for_permission")


def _by_keys(provider: AIProvider, subject: AccessSubject) -> Explanation:
    own = subject.settings.get(provider.pk)
    personal = bool(own and own.is_active and own.has_usable_key and provider.allow_personal_keys)
    is_key_needed = needs_key(provider)
    shared_open = subject.is_super_admin or provider.allow_shared_for_normal_admins
    shared = shared_open and (provider.has_usable_key or not is_key_needed)
    prefers_shared = bool(own and own.use_shared_api)
    if shared and (prefers_shared or not personal):
        reason = "shared_key_preferred" if personal else "shared_key_only" if is_key_needed else "no_key_needed"
        return Explanation(ModelAccessState.AVAILABLE_SHARED, reason)
    if personal:
        reason = "personal_key_preferred" if shared else "personal_key_only"
        return Explanation(ModelAccessState.AVAILABLE_PERSONAL, reason)
    return _no_key(provider, own, shared_open=shared_open, is_key_needed=is_key_needed)


def _no_key(
    provider: AIProvider, own: AdminProviderSettings | None, *, shared_open: bool, is_key_needed: bool
) -> Explanation:
    remedy = "enter_personal_key" if provider.allow_personal_keys else "ask_super_admin_for_key"
    if own and own.has_key and provider.allow_personal_keys:
        return _unusable_personal_key(own)
    if (provider.has_usable_key or not is_key_needed) and not shared_open:
        reason = "shared_key_reserved"
    elif provider.has_key and not provider.has_usable_key:
        reason = "shared_key_invalid"
    else:
        reason = "no_key"
    return Explanation(ModelAccessState.NO_ACCESS, reason, remedy)


def _unusable_personal_key(own: AdminProviderSettings) -> Explanation:
    state = ModelAccessState.NO_ACCESS
    if not own.is_active and own.has_usable_key:
        return Explanation(state, "personal_key_inactive", "switch_personal_key_on")
    if own.key_status == KeyStatus.INVALID:
        return Explanation(state, "personal_key_invalid", "enter_personal_key")
    return Explanation(state, "personal_key_set_aside", "enter_personal_key")


def needs_key(provider: AIProvider) -> bool:
    """False for the sandbox, and for a local server whose row says `{"needs_key": false}`."""
    adapter = get_adapter(provider.adapter)
    if adapter is None or adapter.needs_key == "always":
        return True
    if adapter.needs_key == "never":
        return False
    return bool(provider.config.get("needs_key", True))
