"""Adding, changing, switching on and off of providers."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from src.ai.models import AdminProviderSettings, AIProvider, KeyStatus
from src.ai.models.keys import ORIGIN_CHANGED
from src.ai.providers import adapters
from src.ai.services.audit_entries import key_of, policy_of, record_key_change, record_provider
from src.ai.services.key_check import ask_about_shared_key, find_provider, require_checkable
from src.ai.services.stored_keys import (
    CheckedKey,
    base_url_of,
    clear_key,
    record_check,
    store_key,
)
from src.core.errors import AppError, BadRequest, Conflict, InvalidFields, NotFound, Unavailable
from src.core.outbound import NotSent, PrivateAddress, check_url, origin_of
from src.core.secret import Secret

ADDRESS_FIELDS = {"adapter", "api_base_url", "allow_private_address"}


class RemoveKey:
    """Asked for with an empty key."""


KeyChange = Secret | type[RemoveKey] | None


@dataclass(frozen=True)
class Change:
    """What `actor` asks for: fields, and what is to become of the key."""

    fields: dict[str, Any]
    key: KeyChange
    actor: Any | None

    @property
    def is_activating(self) -> bool:
        return self.fields.get("is_active") is True


@dataclass(frozen=True)
class SavedProvider:
    provider: AIProvider
    code: str
    is_new: bool = False


def create_or_update_provider(
    *, slug: str, changes: dict[str, Any], key: KeyChange = None, actor: Any | None
) -> SavedProvider:
    """A new provider, or changes to the one with this slug. Raises as `update_provider`."""
    existing = _find_id(slug)
    if existing is not None:
        return update_provider(provider_id=existing, changes=changes, key=key, actor=actor)
    if "name" not in changes:
        raise InvalidFields.one("name", "required")
    if "adapter" not in changes and slug not in adapters():
        raise InvalidFields.one("adapter", "required")
    try:
        draft = AIProvider(slug=slug, adapter=changes.get("adapter", slug))
        return _save_and_check(draft, Change(changes, key, actor))
    except IntegrityError:
        existing = _find_id(slug)
        if existing is None:
            raise
    # Added by another request at this moment.
    return update_provider(provider_id=existing, changes=changes, key=key, actor=actor)


def _find_id(slug: str) -> int | None:
    return AIProvider.objects.filter(slug=slug).values_list("pk", flat=True).first()


def update_provider(
    *, provider_id: int, changes: dict[str, Any], key: KeyChange = None, actor: Any | None
) -> SavedProvider:
    """Change any fields; a new key and switching on are checked with the service, outside any transaction.

    A new key is saved whatever the service says of it. Switching on with the stored key changes nothing unless the
    service takes it. Raises NotFound, InvalidFields, BadRequest(api_key_required_for_new_url, api_key_required,
    api_key_invalid, adapter_missing), Unavailable(provider_unreachable), Conflict(key_changed_meanwhile).
    """
    return _save_and_check(provider_id, Change(changes, key, actor))


def activate_provider(*, provider_id: int, actor: Any | None) -> SavedProvider:
    """Switch on, once the service takes the key. Raises as `update_provider`."""
    saved = update_provider(provider_id=provider_id, changes={"is_active": True}, actor=actor)
    return SavedProvider(saved.provider, "provider_activated")


def deactivate_provider(*, provider_id: int, actor: Any | None) -> SavedProvider:
    saved = update_provider(provider_id=provider_id, changes={"is_active": False}, actor=actor)
    return SavedProvider(saved.provider, "provider_deactivated")


def _save_and_check(target: AIProvider | int, change: Change) -> SavedProvider:
    is_new = isinstance(target, AIProvider)
    outcome = None
    if isinstance(change.key, Secret):
        provider = _save_changes(target, change)
        outcome = _apply_check(provider, ask_about_shared_key(provider), change)
    elif change.is_activating:
        provider = _check_and_switch_on(target, change)
    else:
        provider = _save_changes(target, change)
    code = outcome or ("provider_created" if is_new else "provider_updated")
    return SavedProvider(find_provider(provider.pk), code, is_new)


def _check_and_switch_on(target: AIProvider | int, change: Change) -> AIProvider:
    """The service is asked as if the changes were made; they are saved only once it has taken the key."""
    draft = target if isinstance(target, AIProvider) else find_provider(target)
    stored = _what_is_asked(draft)
    _apply_changes(draft, change)
    checked = ask_about_shared_key(draft)
    if not checked.check.is_valid:
        if draft.pk is not None and _what_is_asked(draft) == stored:
            _apply_check(draft, checked, change)
        raise _activation_failure(checked)
    return _save_changes(target, change, checked=checked, asked=_what_is_asked(draft))


@transaction.atomic
def _save_changes(
    target: AIProvider | int,
    change: Change,
    *,
    checked: CheckedKey | None = None,
    asked: tuple[str, ...] = (),
) -> AIProvider:
    """With `checked`, a check that went well: switch on, provided that what was `asked` still is what is stored."""
    is_new = isinstance(target, AIProvider)
    provider = target if isinstance(target, AIProvider) else _locked(target)
    policy_before, key_before = ({}, {}) if is_new else (policy_of(provider), key_of(provider))
    has_moved = _apply_changes(provider, change)
    if checked is not None:
        if _what_is_asked(provider) != asked:
            raise Conflict("key_changed_meanwhile")
        provider.is_active = True
    provider.save()
    record_provider("created" if is_new else "changed", provider=provider, before=policy_before, actor=change.actor)
    if change.key is not None:
        record_key_change(row=provider, before=key_before, actor=change.actor)
    if checked is not None and provider.has_key:
        record_check(provider, checked, actor=change.actor)
    if has_moved:
        _set_aside_personal_keys(provider)
    return provider


def _apply_changes(provider: AIProvider, change: Change) -> bool:
    """Unsaved, and without switching on; whether the provider moved to another origin or adapter."""
    old_adapter, old_origin = provider.adapter, origin_of(base_url_of(provider))
    for name, value in change.fields.items():
        if name != "is_active" or value is False:
            setattr(provider, name, value)
    _check_adapter_and_url(provider, is_url_new=bool(ADDRESS_FIELDS & change.fields.keys()))
    has_moved = provider.adapter != old_adapter or origin_of(base_url_of(provider)) != old_origin
    if has_moved and provider.has_key and change.key is None:
        raise BadRequest("api_key_required_for_new_url")
    if isinstance(change.key, Secret):
        store_key(provider, change.key, provider)
    elif change.key is RemoveKey:
        clear_key(provider)
    if change.is_activating:
        require_checkable(provider)
    return has_moved


def _what_is_asked(provider: AIProvider) -> tuple[str, ...]:
    return provider.adapter, base_url_of(provider), provider.key_fingerprint


def _locked(provider_id: int) -> AIProvider:
    provider = AIProvider.objects.select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise NotFound
    return provider


def _check_adapter_and_url(provider: AIProvider, *, is_url_new: bool) -> None:
    if not is_url_new and not provider._state.adding:
        return
    if provider.adapter not in adapters():
        raise InvalidFields.one("adapter", "unknown_adapter", choices=", ".join(sorted(adapters())))
    url = base_url_of(provider)
    if not url and adapters()[provider.adapter].needs_key == "by_row":
        raise InvalidFields.one("api_base_url", "base_url_required")
    if url:
        require_callable_url(url, allow_private=provider.allow_private_address)


def require_callable_url(url: str, *, allow_private: bool) -> None:
    """Raises InvalidFields for an address that would be refused when called (names are resolved only then)."""
    if not url.isprintable() or " " in url or "?" in url or "#" in url:
        raise InvalidFields.one("api_base_url", "url_not_allowed")
    try:
        check_url(url, PrivateAddress.of(url) if allow_private else None)
    except (NotSent, ValueError) as exc:
        raise InvalidFields.one("api_base_url", "url_not_allowed") from exc


def _set_aside_personal_keys(provider: AIProvider) -> None:
    """Sealed for the old origin: not sent again until their owners enter them anew."""
    AdminProviderSettings.objects.filter(provider=provider).exclude(key_status=KeyStatus.UNSET).update(
        key_status=KeyStatus.UNCHECKED, key_reason=ORIGIN_CHANGED, key_checked_at=None
    )


@transaction.atomic
def _apply_check(provider: AIProvider, checked: CheckedKey, change: Change) -> str | None:
    """Write the outcome if the key is still the one checked; returns the answer's code where it differs."""
    if provider.has_key and not record_check(provider, checked, actor=change.actor):
        return "provider_saved_key_unchecked"
    if checked.check.is_valid:
        if change.is_activating:
            _switch(provider, is_active=True, actor=change.actor)
        return None
    if checked.check.is_valid is None:
        return "provider_saved_key_unchecked"
    _switch(provider, is_active=False, actor=change.actor)
    return "provider_saved_key_invalid"


def _switch(provider: AIProvider, *, is_active: bool, actor: Any | None) -> None:
    """By what a check has found."""
    if AIProvider.objects.filter(pk=provider.pk, is_active=not is_active).update(is_active=is_active):
        before = {**policy_of(provider), "is_active": not is_active}
        provider.is_active = is_active
        record_provider("changed", provider=provider, before=before, actor=actor)


def _activation_failure(checked: CheckedKey) -> AppError:
    if checked.check.is_valid is False:
        return BadRequest("api_key_invalid")
    return Unavailable("provider_unreachable", facts={"reason": checked.check.reason})
