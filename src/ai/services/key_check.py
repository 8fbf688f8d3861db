"""Asking a service whether it takes a key: between transactions, at no cost."""

import time
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.utils import timezone

from src.ai.access import needs_key
from src.ai.models import AIProvider
from src.ai.models.keys import KeyColumns
from src.ai.providers import get_adapter
from src.ai.providers.contract import KeyCheck
from src.ai.services.stored_keys import CheckedKey, connect, record_check
from src.core.errors import BadRequest, Conflict, NotFound

ADAPTER_MISSING = KeyCheck(is_valid=None, reason="adapter_missing")


@dataclass(frozen=True)
class KeyVerdict:
    """For the API: `valid` is None where the service could not be asked."""

    valid: bool | None
    status: str
    reason: str
    checked_at: str
    latency_ms: int

    @property
    def code(self) -> str:
        return {True: "api_key_valid", False: "api_key_not_valid", None: "api_key_not_checked"}[self.valid]


def ask_about_shared_key(provider: AIProvider) -> CheckedKey:
    """As `ask_about_key`, with the provider's own."""
    return ask_about_key(provider, provider)


def ask_about_key(provider: AIProvider, row: KeyColumns) -> CheckedKey:
    """One free call to the service with the key of `row`. Call outside any transaction."""
    adapter = get_adapter(provider.adapter)
    started, moment = time.perf_counter(), timezone.now()
    check = async_to_sync(adapter.check_key)(connect(provider, row)) if adapter else ADAPTER_MISSING
    latency_ms = round((time.perf_counter() - started) * 1000)
    return CheckedKey(row.key_fingerprint, check, moment, latency_ms)


def validate_shared_key(*, provider_id: int, actor: Any | None) -> KeyVerdict:
    """Check the stored key and note the outcome. Raises NotFound, BadRequest(api_key_required, adapter_missing),
    Conflict(key_changed_meanwhile)."""
    provider = find_provider(provider_id)
    require_checkable(provider)
    checked = ask_about_shared_key(provider)
    if provider.has_key:
        if not record_check(provider, checked, actor=actor):
            raise Conflict("key_changed_meanwhile")
        provider.refresh_from_db(fields=["key_status"])
    return verdict_of(provider, checked)


def verdict_of(row: KeyColumns, checked: CheckedKey) -> KeyVerdict:
    return KeyVerdict(
        valid=checked.check.is_valid,
        status=row.key_status,
        reason=checked.check.reason,
        checked_at=checked.checked_at.isoformat(),
        latency_ms=checked.latency_ms,
    )


def require_checkable(provider: AIProvider) -> None:
    """Raises BadRequest if there is no adapter, or no key where one is needed."""
    if get_adapter(provider.adapter) is None:
        raise BadRequest("adapter_missing")
    if needs_key(provider) and not provider.has_key:
        raise BadRequest("api_key_required")


def find_provider(provider_id: int) -> AIProvider:
    provider = AIProvider.objects.with_model_counts().filter(pk=provider_id).first()
    if provider is None:
        raise NotFound
    return provider
