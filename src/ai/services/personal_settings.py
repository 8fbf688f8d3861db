"""A person's own key and preferences at the providers, and the limits that super admins set for them."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from src.accounts.models import User
from src.ai.access import AccessSubject, ModelAccessState, needs_key
from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.models.keys import ORIGIN_CHANGED
from src.ai.providers import get_adapter
from src.ai.services.audit_entries import key_of, record_key_change
from src.ai.services.key_check import KeyVerdict, ask_about_key, verdict_of
from src.ai.services.provider_reports import PERSONAL_REMEDIES
from src.ai.services.provider_service import KeyChange, RemoveKey
from src.ai.services.stored_keys import CheckedKey, clear_key, record_check, store_key
from src.core.audit import difference, record
from src.core.errors import BadRequest, Conflict, NotFound
from src.core.secret import Secret

PREFERENCES = ("use_shared_api", "is_active")
LIMITS = ("monthly_limit", "monthly_budget_micros")


@dataclass(frozen=True)
class SavedSettings:
    own: AdminProviderSettings
    code: str


def list_settings_of(*, admin: Any) -> list[AdminProviderSettings]:
    """One per provider that concerns this person, in the providers' order; unsaved rows where there is none yet.

    A provider concerns them if it is active and they could use it (perhaps with a key of their own) or have used
    it; or, active or not, if their key is stored there.
    """
    subject = AccessSubject.of(admin)
    listed = []
    for provider in AIProvider.objects.all():
        own = subject.settings.get(provider.pk)
        if _concerns(provider, own, subject):
            own = own or AdminProviderSettings(admin=admin, provider=provider)
            own.provider = provider
            listed.append(own)
    return listed


def find_settings(*, provider_id: int, admin: Any) -> AdminProviderSettings:
    """As `list_settings_of` has it. Raises NotFound for a provider that is not in that list."""
    provider = AIProvider.objects.filter(pk=provider_id).first()
    subject = AccessSubject.of(admin)
    own = subject.settings.get(provider_id)
    if provider is None or not _concerns(provider, own, subject):
        raise NotFound
    own = own or AdminProviderSettings(admin=admin, provider=provider)
    own.provider = provider
    return own


def _concerns(provider: AIProvider, own: AdminProviderSettings | None, subject: AccessSubject) -> bool:
    if own is not None and (own.has_key or provider.is_active):
        return True
    found = ModelAccessState.explain(provider, None, subject)
    return found.state.key_source is not None or found.remedy in PERSONAL_REMEDIES


def change_settings(
    *, provider_id: int, admin: Any, preferences: dict[str, bool], key: KeyChange = None
) -> SavedSettings:
    """Save any of use_shared_api and is_active, and a key: it is kept whatever the service says of it.

    Raises NotFound, and for a new key Conflict(provider_switched_off, personal_keys_not_allowed,
    provider_needs_no_key) and BadRequest(adapter_missing).
    """
    find_settings(provider_id=provider_id, admin=admin)
    own = _save(provider_id, admin, preferences, key)
    code = "settings_saved"
    if isinstance(key, Secret):
        code = _note_check(own, ask_about_key(own.provider, own), admin)
    return SavedSettings(find_settings(provider_id=provider_id, admin=admin), code)


@transaction.atomic
def _save(provider_id: int, admin: Any, preferences: dict[str, bool], key: KeyChange) -> AdminProviderSettings:
    own = _locked(provider_id, admin)
    key_before = key_of(own)
    if isinstance(key, Secret):
        _require_takes_keys(own.provider)
        store_key(own, key, own.provider)
    elif key is RemoveKey:
        clear_key(own)
    before = {name: getattr(own, name) for name in preferences}
    for name, value in preferences.items():
        setattr(own, name, value)
    own.save()
    if key is not None:
        record_key_change(row=own, before=key_before, actor=admin)
    _record("settings.changed", own, before, preferences, actor=admin)
    return own


def _locked(provider_id: int, admin: Any) -> AdminProviderSettings:
    """The person's row, made if need be. The provider is locked first, so that no key is sealed for an address that
    is being changed."""
    provider = AIProvider.objects.select_for_update().get(pk=provider_id)
    AdminProviderSettings.objects.get_or_create(admin=admin, provider=provider)
    own = AdminProviderSettings.objects.select_for_update().get(admin=admin, provider=provider)
    own.admin, own.provider = admin, provider
    return own


def _require_takes_keys(provider: AIProvider) -> None:
    if not provider.is_active:
        raise Conflict("provider_switched_off")
    if not provider.allow_personal_keys:
        raise Conflict("personal_keys_not_allowed")
    if get_adapter(provider.adapter) is None:
        raise BadRequest("adapter_missing")
    if not needs_key(provider):
        raise Conflict("provider_needs_no_key")


def _note_check(own: AdminProviderSettings, checked: CheckedKey, admin: Any) -> str:
    is_written = record_check(own, checked, actor=admin)
    if not is_written or checked.check.is_valid is None:
        return "settings_saved_key_unchecked"
    return "settings_saved" if checked.check.is_valid else "settings_saved_key_invalid"


def validate_personal_key(*, provider_id: int, admin: Any) -> KeyVerdict:
    """Ask the service about the stored key, at no cost. Raises NotFound, BadRequest(personal_key_required,
    adapter_missing), Conflict(personal_key_outdated, key_changed_meanwhile) and as for a new key."""
    own = find_settings(provider_id=provider_id, admin=admin)
    if not own.has_key:
        raise BadRequest("personal_key_required")
    _require_takes_keys(own.provider)
    if own.key_reason == ORIGIN_CHANGED:
        raise Conflict("personal_key_outdated")
    checked = ask_about_key(own.provider, own)
    if not record_check(own, checked, actor=admin):
        raise Conflict("key_changed_meanwhile")
    own.refresh_from_db(fields=["key_status"])
    return verdict_of(own, checked)


def find_limits(*, provider_id: int, person_id: int) -> AdminProviderSettings:
    """Anybody's row at any provider, unsaved where there is none yet. Raises NotFound."""
    provider, person = _find_provider_and_person(provider_id, person_id)
    own = AdminProviderSettings.objects.filter(admin=person, provider=provider).first()
    own = own or AdminProviderSettings(admin=person, provider=provider)
    own.admin, own.provider = person, provider
    return own


@transaction.atomic
def change_limits(
    *, provider_id: int, person_id: int, limits: dict[str, int | None], actor: Any
) -> AdminProviderSettings:
    """`monthly_limit` (pictures) and `monthly_budget_micros`, None for no limit. Raises NotFound."""
    provider, person = _find_provider_and_person(provider_id, person_id)
    own = _locked(provider.pk, person)
    before = {name: getattr(own, name) for name in limits}
    for name, value in limits.items():
        setattr(own, name, value)
    own.save(update_fields=[*limits, "updated_at"])
    _record("limits.changed", own, before, limits, actor=actor)
    return own


def _find_provider_and_person(provider_id: int, person_id: int) -> tuple[AIProvider, User]:
    provider = AIProvider.objects.filter(pk=provider_id).first()
    person = User.objects.filter(pk=person_id).first()
    if provider is None or person is None:
        raise NotFound
    return provider, person


def _record(
    action: str, own: AdminProviderSettings, before: dict[str, Any], after: dict[str, Any], *, actor: Any
) -> None:
    old, new = difference(before, after)
    if new:
        record(
            action,
            actor=actor,
            object_type="provider_settings",
            object_id=own.pk,
            object_label=f"{own.provider.slug}: {own.admin.get_username()}",
            before=old,
            after=new,
        )
