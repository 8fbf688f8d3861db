"""Keys of providers and persons: sealed on the way in, opened only to be sent to the origin they were entered for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from src.ai.models import AdminProviderSettings, AIProvider, KeyStatus
from src.ai.models.keys import ORIGIN_CHANGED, KeyColumns
from src.ai.providers import get_adapter
from src.ai.providers.contract import KeyCheck, ProviderConnection
from src.ai.services.audit_entries import key_of, record_key
from src.core.outbound import origin_of
from src.core.secret import Secret
from src.core.vault import Place, fingerprint, open_sealed, seal

KEY_FIELDS = ["key_sealed", "key_last4", "key_fingerprint", "key_status", "key_checked_at", "key_reason"]


@dataclass(frozen=True)
class CheckedKey:
    """What a check found, with the fingerprint of the key that was checked."""

    fingerprint: str
    check: KeyCheck
    checked_at: datetime
    latency_ms: int


def base_url_of(provider: AIProvider) -> str:
    """The row's own base URL, else its adapter's, else ""."""
    adapter = get_adapter(provider.adapter)
    return provider.api_base_url or (adapter.base_url if adapter else "")


def store_key(row: KeyColumns, secret: Secret, provider: AIProvider) -> None:
    """Seal `secret` for the provider's origin into `row`, unsaved, as unchecked."""
    row.key_sealed = seal(secret, _place(row, provider))
    row.key_last4 = secret.last4
    row.key_fingerprint = fingerprint(secret)
    row.key_status = KeyStatus.UNCHECKED
    row.key_checked_at = None
    row.key_reason = ""


def clear_key(row: KeyColumns) -> None:
    row.key_sealed = row.key_last4 = row.key_fingerprint = row.key_reason = ""
    row.key_status = KeyStatus.UNSET
    row.key_checked_at = None


def open_key(row: KeyColumns, provider: AIProvider) -> Secret:
    """Raises Misconfigured(vault_key_unreadable), also when the provider's origin is no longer the key's."""
    return open_sealed(row.key_sealed, _place(row, provider))


def reseal_key(row: KeyColumns, provider: AIProvider) -> str:
    """The same key, sealed with the current key of the ring."""
    return seal(open_key(row, provider), _place(row, provider))


def connect(provider: AIProvider, row: KeyColumns | None) -> ProviderConnection:
    """What an adapter needs to call this provider with the key of `row` (None or without one: no key)."""
    return ProviderConnection(
        base_url=base_url_of(provider),
        key=open_key(row, provider) if row is not None and row.has_key else None,
        config=dict(provider.config),
        allow_private=provider.allow_private_address,
        timeout_s=settings.PROVIDER_TIMEOUT_S,
    )


@transaction.atomic
def record_check(row: KeyColumns, checked: CheckedKey, *, actor: Any | None) -> bool:
    """Write what was found, if the row still has the key that was checked. True if it was written.

    A key that was set aside meanwhile stays so, since the answer is of the old origin. An answer that leaves the
    key's worth open (unreachable, rate limited) changes no status.
    """
    values: dict[str, object] = {"key_checked_at": checked.checked_at, "key_reason": checked.check.reason}
    if checked.check.is_valid is not None:
        values["key_status"] = KeyStatus.VALID if checked.check.is_valid else KeyStatus.INVALID
    is_written = bool(_rows_with(row, checked.fingerprint).update(**values))
    if is_written:
        outcome = {"is_valid": checked.check.is_valid, "reason": checked.check.reason}
        record_key("checked", row=row, actor=actor, after={**key_of(row), **outcome})
    return is_written


@transaction.atomic
def mark_key_invalid(*, row: KeyColumns, used_fingerprint: str) -> bool:
    """A provider refused the key in use: by compare-and-set, so that a key entered meanwhile is not blamed.
    False where the key is another one by now, or known to be invalid already."""
    rows = _rows_with(row, used_fingerprint).exclude(key_status=KeyStatus.INVALID)
    is_news = bool(rows.update(key_status=KeyStatus.INVALID, key_reason="invalid", key_checked_at=timezone.now()))
    if is_news:
        record_key("found_invalid", row=row, actor=None, after=key_of(row))
    return is_news


def _rows_with(row: KeyColumns, key_fingerprint: str) -> models.QuerySet[Any]:
    table = type(row)._default_manager
    return (
        table.filter(pk=row.pk, key_fingerprint=key_fingerprint)
        .exclude(key_status=KeyStatus.UNSET)
        .exclude(key_reason=ORIGIN_CHANGED)
    )


def _place(row: KeyColumns, provider: AIProvider) -> Place:
    is_personal = isinstance(row, AdminProviderSettings)
    return Place(
        table=row._meta.db_table,
        vault_id=str(row.vault_id),
        field="personal_key" if is_personal else "shared_key",
        origin=origin_of(base_url_of(provider)),
    )
