"""A person's settings as the API tells them: key masked, access explained, this month's use."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from src.ai.access import AccessSubject, ModelAccessState
from src.ai.models import AdminProviderSettings
from src.ai.services.access_answers import describe_access
from src.usage.reading import current_period, read_use
from src.usage.services import Scope


def describe_settings(rows: Sequence[AdminProviderSettings], *, admin: Any) -> list[dict[str, Any]]:
    """One per row, in order; all rows are `admin`'s. Two queries, however many rows."""
    subject = AccessSubject.of(admin)
    period = current_period()
    shared, own_key = [_scope("person_provider", row) for row in rows], [_scope("own_key", row) for row in rows]
    use = read_use(scopes=[*shared, *own_key], period=period.name)
    return [
        {
            **_describe_provider(row),
            **_describe_key(row),
            "use_shared_api": row.use_shared_api,
            "is_active": row.is_active,
            **_describe_limits(row),
            "access": describe_access(ModelAccessState.explain(row.provider, None, subject)),
            "use": {
                "period": period.name,
                "ends_at": period.ends_at.isoformat(),
                "shared_key": asdict(use[_scope("person_provider", row)]),
                "personal_key": asdict(use[_scope("own_key", row)]),
            },
        }
        for row in rows
    ]


def describe_limits(row: AdminProviderSettings) -> dict[str, Any]:
    """For super admins: a person's limits and use at one provider, and nothing of the person's key."""
    described = describe_settings([row], admin=row.admin)[0]
    kept = ("provider_id", "provider", "provider_name", *_describe_limits(row), "access", "use")
    return {
        "user_id": row.admin_id,
        "username": row.admin.get_username(),
        **{name: described[name] for name in kept},
    }


def _scope(kind: str, row: AdminProviderSettings) -> Scope:
    return Scope(kind, f"{row.admin_id}:{row.provider_id}")


def _describe_provider(row: AdminProviderSettings) -> dict[str, Any]:
    provider = row.provider
    return {"provider_id": provider.pk, "provider": provider.slug, "provider_name": provider.label}


def _describe_key(row: AdminProviderSettings) -> dict[str, Any]:
    return {
        "has_personal_api_key": row.has_key,
        "personal_api_key": row.masked_key,
        "allows_personal_keys": row.provider.allow_personal_keys,
        "key_status": row.key_status,
        "key_reason": row.key_reason,
        "key_checked_at": row.key_checked_at.isoformat() if row.key_checked_at else None,
    }


def _describe_limits(row: AdminProviderSettings) -> dict[str, int | None]:
    return {"monthly_limit": row.monthly_limit, "monthly_budget_micros": row.monthly_budget_micros}
