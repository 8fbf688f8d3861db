"""Bringing a provider's models in line with the service's own list, without touching what an operator changed."""

import asyncio
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from src.ai.models import AIModel, AIProvider, Origin
from src.ai.providers import get_adapter
from src.ai.providers.base import Adapter
from src.ai.providers.contract import ListedModel, ProviderConnection
from src.ai.providers.errors import KeyInvalid, ProviderError, ProviderTimeout
from src.ai.services.key_check import find_provider, require_checkable
from src.ai.services.source_values import LIMITS_AND_PRICES, as_json, is_ours
from src.ai.services.stored_keys import connect, mark_key_invalid
from src.ai.specs import read_image_spec, read_pricing
from src.core.audit import record

ENDING_SOON = timedelta(days=30)
LISTING_S = 60.0
ASKING_S = 60.0
TEXT_LENGTHS = {"display_name": 200, "description": 5000}
MODEL_ID_CHARS = 200


@dataclass
class SyncReport:
    """What a sync did, or with `dry_run` would do. `kept`: what an operator holds differently from the list."""

    provider: str
    dry_run: bool
    listed: int = 0
    created: list[str] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    unchanged: int = 0
    vanished: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    ending: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_news(self) -> bool:
        return bool(self.created or self.updated or self.vanished or self.returned)


def sync_models(*, provider_id: int, actor: Any | None, dry_run: bool = False) -> SyncReport:
    """Ask the service for its models, then write what changed. Call outside any transaction.

    Raises NotFound, BadRequest(adapter_missing, api_key_required), ProviderError.
    """
    provider = find_provider(provider_id)
    require_checkable(provider)
    adapter = get_adapter(provider.adapter)
    assert adapter is not None
    try:
        listed, vanished = async_to_sync(_ask)(adapter, connect(provider, provider), _covered(provider, adapter))
    except KeyInvalid:
        if provider.has_key:
            mark_key_invalid(row=provider, used_fingerprint=provider.key_fingerprint)
        raise
    return apply_list(provider=provider, listed=listed, vanished=vanished, actor=actor, dry_run=dry_run)


async def _ask(
    adapter: Adapter, conn: ProviderConnection, covered: frozenset[str]
) -> tuple[tuple[ListedModel, ...], frozenset[str]]:
    """The list, and which of the models that it should name are gone. An empty list says more of the service's health
    than of its models."""
    try:
        async with asyncio.timeout(LISTING_S):
            listed = await adapter.list_models(conn)
    except TimeoutError as exc:
        raise ProviderTimeout(charged="no") from exc
    unlisted = covered - {model.model_id for model in listed}
    if not listed or not unlisted:
        return listed, frozenset()
    try:
        async with asyncio.timeout(ASKING_S):
            return listed, await adapter.find_vanished(conn, unlisted)
    except (ProviderError, TimeoutError):
        # The list is worth having all the same; what is gone is found out another time.
        return listed, frozenset()


def _covered(provider: AIProvider, adapter: Adapter) -> frozenset[str]:
    """Our models that the service's list is about."""
    rows = provider.models.values_list("model_id", "capabilities")
    about = adapter.listed_capabilities
    return frozenset(
        model_id for model_id, can in rows if about is None or any(can.get(name) is True for name in about)
    )


@transaction.atomic
def apply_list(
    *,
    provider: AIProvider,
    listed: tuple[ListedModel, ...],
    vanished: frozenset[str],
    actor: Any | None,
    dry_run: bool,
) -> SyncReport:
    """Create, update and mark; nothing is deleted."""
    report = SyncReport(provider=provider.slug, dry_run=dry_run)
    # One sync of a provider at a time.
    AIProvider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    rows = {row.model_id: row for row in provider.models.select_for_update(no_key=True)}
    by_id = {model.model_id: model for model in listed if is_storable_id(model.model_id)}
    report.listed, now = len(by_id), timezone.now()
    for model_id, model in by_id.items():
        row = rows.get(model_id)
        if row is None:
            rows[model_id] = _create(provider, model, now)
            report.created.append(model_id)
        else:
            _update(row, model, now, report)
    _mark_vanished([rows[model_id] for model_id in sorted(vanished & rows.keys() - by_id.keys())], now, report)
    report.ending = [_ending(row) for row in rows.values() if row.is_active and row.ends_by(_soon())]
    if dry_run:
        transaction.set_rollback(True)
    elif report.is_news:
        _record(provider, report, actor)
    return report


def _create(provider: AIProvider, model: ListedModel, now: datetime) -> AIModel:
    """A new model is on where the service says what it does; where that is a guess from its name, somebody looks."""
    values = stored_values(model)
    row = AIModel(
        provider=provider,
        model_id=model.model_id,
        origin=Origin.SYNCED,
        is_active=bool(model.capabilities) and not model.is_guess,
        listed_at=now,
        synced_fields=sorted(values),
        source_values={name: as_json(value) for name, value in values.items()},
        **values,
    )
    row.save()
    return row


def _update(row: AIModel, model: ListedModel, now: datetime, report: SyncReport) -> None:
    changed = []
    for name, value in stored_values(model).items():
        present, theirs = as_json(getattr(row, name)), as_json(value)
        if is_same(name, present, theirs) or not _has_say(row, model, name):
            continue
        if not is_ours(row, name):
            report.kept.append({"model_id": row.model_id, "field": name, "yours": present, "theirs": theirs})
            continue
        setattr(row, name, value)
        row.source_values[name] = theirs
        row.synced_fields = sorted({*row.synced_fields, name})
        changed.append(name)
    if row.vanished_at is not None:
        report.returned.append(row.model_id)
    row.listed_at, row.vanished_at = now, None
    row.save(update_fields=[*changed, "source_values", "synced_fields", "listed_at", "vanished_at", "updated_at"])
    if changed:
        report.updated.append({"model_id": row.model_id, "fields_changed": changed})
    else:
        report.unchanged += 1


def _has_say(row: AIModel, model: ListedModel, name: str) -> bool:
    """Whether the list may speak on this field at all."""
    if name == "capabilities" and model.is_guess:
        return not row.capabilities
    return name in LIMITS_AND_PRICES or name in row.synced_fields or not getattr(row, name)


def _mark_vanished(rows: list[AIModel], now: datetime, report: SyncReport) -> None:
    for row in rows:
        if row.vanished_at is None:
            row.vanished_at = now
            row.save(update_fields=["vanished_at", "updated_at"])
            report.vanished.append(row.model_id)


def is_storable_id(model_id: str) -> bool:
    return 0 < len(model_id) <= MODEL_ID_CHARS and model_id.isprintable()


def stored_values(model: ListedModel) -> dict[str, Any]:
    """What the list says, as the row holds it; what it does not say is left out."""
    values: dict[str, Any] = {
        "display_name": model.display_name,
        "description": model.description,
        "capabilities": None if model.capabilities is None else dict.fromkeys(model.capabilities, True),
        "image_spec": model.image_spec and _plain(msgspec.to_builtins(model.image_spec)),
        "pricing": None if model.pricing is None else [_plain(msgspec.to_builtins(price)) for price in model.pricing],
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "shutdown_date": model.shutdown_date,
    }
    values |= {name: values[name].replace("\0", "")[:length] for name, length in TEXT_LENGTHS.items()}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _plain(stored: dict[str, Any]) -> dict[str, Any]:
    """Without what is null anyway."""
    return {name: value for name, value in stored.items() if value is not None}


def is_same(name: str, present: Any, theirs: Any) -> bool:
    """Whether two stored values mean the same: an image spec or a price may leave null out."""
    if name == "image_spec" and present is not None:
        return read_image_spec(present) == read_image_spec(theirs)
    if name == "pricing":
        return set(read_pricing(present)) == set(read_pricing(theirs))
    return present == theirs


def _soon() -> date:
    return datetime.now(UTC).date() + ENDING_SOON


def _ending(row: AIModel) -> dict[str, Any]:
    return {
        "model_id": row.model_id,
        "shutdown_date": as_json(row.shutdown_date),
        "replacement": row.replacement,
    }


def _record(provider: AIProvider, report: SyncReport, actor: Any | None) -> None:
    found = asdict(report)
    record(
        "models.synced",
        actor=actor,
        object_type="provider",
        object_id=provider.pk,
        object_label=provider.slug,
        before={},
        after={name: found[name] for name in ("created", "updated", "vanished", "returned")},
    )
