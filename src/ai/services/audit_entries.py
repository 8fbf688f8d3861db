"""What the audit table is told of keys and providers: never a key, only its last four and what tells two apart."""

import json
from typing import Any

from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.models.keys import KeyColumns
from src.core.audit import difference, record
from src.core.outbound import origin_of
from src.core.secret import Secret
from src.core.vault import fingerprint

FINGERPRINT_CHARS = 12
PLAIN_FIELDS = (
    "name",
    "display_name",
    "adapter",
    "is_active",
    "allow_personal_keys",
    "allow_shared_for_normal_admins",
    "allow_private_address",
    "monthly_budget_micros",
    "max_jobs_at_once",
    "unknown_price_policy",
)


def policy_of(provider: AIProvider) -> dict[str, Any]:
    """What a provider may be used for and where it is. Of its address and config only what holds no secret."""
    return {
        **{name: getattr(provider, name) for name in PLAIN_FIELDS},
        "api_base_url": origin_of(provider.api_base_url),
        "api_base_url_digest": _digest(provider.api_base_url),
        "config_keys": sorted(provider.config),
        "config_digest": _digest(provider.config),
    }


def _digest(value: Any) -> str:
    """Tells that something changed, not what: addresses and configs may hold secrets."""
    return fingerprint(Secret(json.dumps(value, sort_keys=True)))[:FINGERPRINT_CHARS]


def key_of(row: KeyColumns) -> dict[str, str]:
    """{} without a key."""
    if not row.has_key:
        return {}
    return {"last4": row.key_last4, "fingerprint": row.key_fingerprint[:FINGERPRINT_CHARS]}


def record_provider(act: str, *, provider: AIProvider, before: dict[str, Any], actor: Any | None) -> None:
    """`act` is `created` or `changed`; nothing is written where nothing changed."""
    old, new = difference(before, policy_of(provider))
    if new:
        record(
            f"provider.{act}",
            actor=actor,
            object_type="provider",
            object_id=provider.pk,
            object_label=provider.slug,
            before=old if act == "changed" else {},
            after=new,
        )


def record_key(
    act: str,
    *,
    row: KeyColumns,
    actor: Any | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """`act` is `set`, `removed`, `checked` or `found_invalid`; `provider_key.…` or `personal_key.…` by the row."""
    if isinstance(row, AdminProviderSettings):
        kind, label = "personal_key", f"{row.provider.slug}: {row.admin.get_username()}"
        object_type, object_id = "provider_settings", row.pk
    else:
        assert isinstance(row, AIProvider)
        kind, label, object_type, object_id = "provider_key", row.slug, "provider", row.pk
    record(
        f"{kind}.{act}",
        actor=actor,
        object_type=object_type,
        object_id=object_id,
        object_label=label,
        before=before,
        after=after,
    )


def record_key_change(*, row: KeyColumns, before: dict[str, str], actor: Any | None) -> None:
    """`before` as `key_of` gave it; after the row is saved."""
    after = key_of(row)
    if after:
        record_key("set", row=row, actor=actor, before=before, after=after)
    elif before:
        record_key("removed", row=row, actor=actor, before=before)
