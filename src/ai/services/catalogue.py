"""Filling in providers and models from the catalogue, without touching what an operator changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import models, transaction

from src.ai.catalogue import read_catalogue
from src.ai.models import AIModel, AIProvider, KeyStatus, Origin
from src.ai.services.source_values import LIMITS_AND_PRICES, as_json, is_ours
from src.ai.specs import read_image_spec, read_pricing
from src.core.outbound import origin_of

PROVIDER_FIELDS = (
    "name",
    "display_name",
    "description",
    "website",
    "adapter",
    "api_base_url",
    "sort_order",
)
MODEL_FIELDS = (
    "display_name",
    "description",
    "capabilities",
    "image_spec",
    "pricing",
    "context_window",
    "max_output_tokens",
    "shutdown_date",
    "replacement",
    "sort_order",
)


@dataclass
class PopulateReport:
    """What a run did; `kept` are the fields that an operator holds differently, as `slug.field`."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)


@transaction.atomic
def populate_catalogue(*, catalogue: dict[str, list[dict[str, Any]]] | None = None) -> PopulateReport:
    """Create what is missing, update what still equals its source value. Safe to run any number of times."""
    catalogue = catalogue or read_catalogue()
    report = PopulateReport()
    providers = {row.slug: row for row in AIProvider.objects.select_for_update(no_key=True)}
    for entry in catalogue["providers"]:
        start = entry.get("start", {})
        values = {name: entry[name] for name in PROVIDER_FIELDS}
        row = providers.get(entry["slug"]) or AIProvider(slug=entry["slug"], **start)
        providers[row.slug] = row
        _apply(row, row.slug, values, report)
    known = {(row.provider_id, row.model_id): row for row in AIModel.objects.select_for_update(no_key=True)}
    for entry in catalogue["models"]:
        provider = providers[entry["provider"]]
        model = known.get((provider.pk, entry["model_id"])) or AIModel(
            provider=provider, model_id=entry["model_id"], origin=Origin.CATALOGUE
        )
        _apply(model, f"{provider.slug}/{model.model_id}", _model_values(entry), report)
    return report


def _model_values(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry as it is stored; raises msgspec.ValidationError for a spec or price that is none."""
    if entry["image_spec"] is not None:
        read_image_spec(entry["image_spec"])
    read_pricing(entry["pricing"])
    ends = entry["shutdown_date"]
    return {
        **{name: entry[name] for name in MODEL_FIELDS},
        "capabilities": dict.fromkeys(entry["capabilities"], True),
        "shutdown_date": date.fromisoformat(ends) if ends else None,
    }


def _apply(row: models.Model, label: str, values: dict[str, Any], report: PopulateReport) -> None:
    is_new = row.pk is None
    changed = list(_changed_fields(row, label, values, report, is_new=is_new))
    if not changed:
        report.unchanged += 1
        return
    # Only what changed: a key that is stored and totals that are counted meanwhile are not written over.
    bookkeeping = ["source_values", "updated_at", *(["synced_fields"] if isinstance(row, AIModel) else [])]
    row.save(update_fields=None if is_new else [*changed, *bookkeeping])
    (report.created if is_new else report.updated).append(label)


def _changed_fields(
    row: Any, label: str, values: dict[str, Any], report: PopulateReport, *, is_new: bool
) -> Iterable[str]:
    for name, value in values.items():
        if _is_synced(row, name, value):
            continue
        stored, present = as_json(value), as_json(getattr(row, name))
        is_free = is_new or (is_ours(row, name) and not _would_strand_keys(row, name, value))
        if not is_free:
            if present != stored:
                report.kept.append(f"{label}.{name}")
        elif is_new or row.source_values.get(name) != stored:
            _write(row, name, value)
            yield name


def _is_synced(row: Any, name: str, value: Any) -> bool:
    """Whether a sync wrote the field and knows better: limits and prices, and what the catalogue leaves blank."""
    return name in getattr(row, "synced_fields", ()) and (name in LIMITS_AND_PRICES or not value)


def _write(row: Any, name: str, value: Any) -> None:
    setattr(row, name, value)
    row.source_values[name] = as_json(value)
    if name in getattr(row, "synced_fields", ()):
        row.synced_fields = [each for each in row.synced_fields if each != name]


def _would_strand_keys(row: Any, name: str, value: Any) -> bool:
    """Keys are sealed for their provider's origin: while one is stored, only a super admin moves the provider."""
    is_adapter_new = name == "adapter" and value != row.adapter
    is_origin_new = name == "api_base_url" and origin_of(value) != origin_of(row.api_base_url)
    if not (is_adapter_new or is_origin_new):
        return False
    return row.has_key or row.person_settings.exclude(key_status=KeyStatus.UNSET).exists()
