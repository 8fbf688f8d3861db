"""Requests, pictures and money of a span of days, added up by the database.

A generation belongs to the day it was reserved on, whenever it ended, so that the days of a month add up to its
counters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Concat

from src.core.messages import text_for
from src.usage.models import KeySource, LedgerEntry, LedgerKind
from src.usage.people import names_of
from src.usage.scopes import ONCE_PER_GENERATION

GROUPS: dict[str, Any] = {
    "person": F("person_id"),
    "provider": F("provider_slug"),
    "model": Concat("provider_slug", Value("/"), "model_id"),
    "key_source": F("key_source"),
    "day": F("day"),
}

KEY_SOURCE_CODES = {KeySource.SHARED: "key_source_shared", KeySource.PERSONAL: "key_source_personal"}


@dataclass(frozen=True, kw_only=True)
class ReportQuery:
    """Days of the site, the last one included. None is any; `model` is (provider slug, model id)."""

    group_by: str
    first_day: date
    last_day: date
    person: int | None = None
    provider: str | None = None
    model: tuple[str, str] | None = None
    key_source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """`images` and `cost_micros` are settled, `held_*` reserved and not ended. `unpriced_images` were settled at an
    unknown price and are in `images`, not in `cost_micros`; money is None where none of it has a known price."""

    requests: int
    images: int
    cost_micros: int | None
    unpriced_images: int
    held_images: int
    held_micros: int | None


@dataclass(frozen=True, kw_only=True)
class ReportRow(Amounts):
    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Report:
    query: ReportQuery
    rows: tuple[ReportRow, ...]
    totals: Amounts


def make_report(*, query: ReportQuery, asker: Any) -> Report:
    """Days in order, all else the dearest first. Of everybody for super admins, else the asker's own. At most two
    queries."""
    entries = _entries(query)
    if not asker.is_superuser:
        entries = entries.filter(person_id=asker.pk)
    sums = list(_add_up(entries, query.group_by))
    labels = _labels(query.group_by, [each["key"] for each in sums])
    rows = [ReportRow(key=str(each["key"]), label=labels[each["key"]], **asdict(_amounts(each))) for each in sums]
    rows.sort(key=_by_day if query.group_by == "day" else _by_cost)
    return Report(query=query, rows=tuple(rows), totals=_total(rows))


def _by_day(row: ReportRow) -> str:
    return row.key


def _by_cost(row: ReportRow) -> tuple[int, int, str]:
    return -(row.cost_micros or 0), -row.images, row.key


def _entries(query: ReportQuery) -> QuerySet[LedgerEntry]:
    entries = LedgerEntry.objects.filter(
        scope_kind__in=ONCE_PER_GENERATION,
        day__gte=query.first_day.isoformat(),
        day__lte=query.last_day.isoformat(),
    )
    wanted = {"person_id": query.person, "provider_slug": query.provider, "key_source": query.key_source}
    if query.model is not None:
        provider_slug, wanted["model_id"] = query.model
        entries = entries.filter(provider_slug=provider_slug)
    return entries.filter(**{name: value for name, value in wanted.items() if value is not None})


def _add_up(entries: QuerySet[LedgerEntry], group_by: str) -> Iterable[Mapping[str, Any]]:
    end = LedgerEntry.objects.filter(
        generation_id=OuterRef("generation_id"),
        scope_kind=OuterRef("scope_kind"),
        scope_id=OuterRef("scope_id"),
        kind=LedgerKind.RELEASE,
    )
    reserved, settled = Q(kind=LedgerKind.RESERVE), Q(kind=LedgerKind.SETTLE)
    held = reserved & Q(is_ended=False)
    return (
        entries.exclude(kind=LedgerKind.RELEASE)
        .annotate(is_ended=Exists(end), key=GROUPS[group_by])
        .order_by()
        .values("key")
        .annotate(
            requests=Count("pk", filter=reserved),
            settled=Count("pk", filter=settled),
            held=Count("pk", filter=held),
            settled_images=Sum("images", filter=settled, default=0),
            settled_micros=Sum("micros", filter=settled),
            unpriced_images=Sum("images", filter=settled & Q(micros__isnull=True), default=0),
            held_images=Sum("images", filter=held, default=0),
            held_micros=Sum("micros", filter=held),
        )
    )


def _amounts(sums: Mapping[str, Any]) -> Amounts:
    return Amounts(
        requests=sums["requests"],
        images=sums["settled_images"],
        cost_micros=_money(sums["settled_micros"], is_any=bool(sums["settled"])),
        unpriced_images=sums["unpriced_images"],
        held_images=sums["held_images"],
        held_micros=_money(sums["held_micros"], is_any=bool(sums["held"])),
    )


def _money(micros: int | None, *, is_any: bool) -> int | None:
    """The database adds up to NULL both where no price is known and where there is nothing to add."""
    return int(micros) if micros is not None else None if is_any else 0


def _labels(group_by: str, keys: Iterable[Any]) -> dict[Any, str]:
    if group_by == "person":
        return dict(names_of(keys))
    if group_by == "key_source":
        return {key: text_for(KEY_SOURCE_CODES[key]) for key in keys}
    return {key: str(key) for key in keys}


def _total(rows: Iterable[Amounts]) -> Amounts:
    rows = list(rows)

    def money(name: str) -> int | None:
        values = [getattr(row, name) for row in rows]
        known = [value for value in values if value is not None]
        return sum(known) if known or not values else None

    return Amounts(
        requests=sum(row.requests for row in rows),
        images=sum(row.images for row in rows),
        cost_micros=money("cost_micros"),
        unpriced_images=sum(row.unpriced_images for row in rows),
        held_images=sum(row.held_images for row in rows),
        held_micros=money("held_micros"),
    )
