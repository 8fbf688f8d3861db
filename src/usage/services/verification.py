"""The counters worked out anew from the ledger, and where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from src.usage.models import Counter, LedgerEntry, LedgerKind
from src.usage.scopes import Scope

UNITS = ("reserved_images", "reserved_micros", "spent_images", "spent_micros")
Place = tuple[Scope, str]
Sums = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`kind` `counter`: `unit` is `counted` in the scope's counter and `booked` by the ledger. `end_without_reserve`
    and `settle_without_release`: entries of `generation_id` that cannot be, of the ledger alone."""

    kind: str
    scope: Scope
    period: str
    unit: str = ""
    counted: int | None = None
    booked: int | None = None
    generation_id: str = ""


@dataclass(frozen=True)
class Verification:
    counters: int
    entries: int
    differences: tuple[Difference, ...]


def verify_ledger() -> Verification:
    """Compares every counter with its entries; safe while generations begin and end. A counter that seems to differ
    is compared again under its lock, which every writer of its entries holds."""
    suspects = list(_suspects())
    differences = [found for place in suspects for found in _compare_locked(*place)]
    return Verification(
        Counter.objects.count(), LedgerEntry.objects.count(), (*differences, *_ends_without_reserve(), *_open_ends())
    )


def _suspects() -> Iterator[Place]:
    booked = dict(_sums_of(LedgerEntry.objects.all()))
    for counter in Counter.objects.order_by("scope_kind", "scope_id", "period").iterator():
        place = Scope(counter.scope_kind, counter.scope_id), counter.period
        if _counted(counter) != booked.pop(place, dict.fromkeys(UNITS, 0)):
            yield place
    yield from sorted(place for place, sums in booked.items() if any(sums.values()))


@transaction.atomic
def _compare_locked(scope: Scope, period: str) -> list[Difference]:
    key = {"scope_kind": scope.kind, "scope_id": scope.id, "period": period}
    counter = Counter.objects.select_for_update().filter(**key).first() or Counter()
    counted = _counted(counter)
    booked = dict(_sums_of(LedgerEntry.objects.filter(**key))).get((scope, period), dict.fromkeys(UNITS, 0))
    return [
        Difference(kind="counter", scope=scope, period=period, unit=unit, counted=counted[unit], booked=booked[unit])
        for unit in UNITS
        if counted[unit] != booked[unit]
    ]


def _counted(counter: Counter) -> Sums:
    return {unit: getattr(counter, unit) for unit in UNITS}


def _sums_of(entries: QuerySet[LedgerEntry]) -> Iterator[tuple[Place, Sums]]:
    """What is reserved is what was reserved and has no release."""
    settled, held = Q(kind=LedgerKind.SETTLE), Q(kind=LedgerKind.RESERVE, is_ended=False)
    sums: Any = (
        entries.annotate(is_ended=_has(LedgerKind.RELEASE))
        .order_by()
        .values("scope_kind", "scope_id", "period")
        .annotate(
            reserved_images=Sum("images", filter=held, default=0),
            reserved_micros=Sum("micros", filter=held, default=0),
            spent_images=Sum("images", filter=settled, default=0),
            spent_micros=Sum("micros", filter=settled, default=0),
        )
    )
    for row in sums.iterator():
        yield (Scope(row["scope_kind"], row["scope_id"]), row["period"]), {unit: int(row[unit]) for unit in UNITS}


def _ends_without_reserve() -> Iterator[Difference]:
    ends = LedgerEntry.objects.filter(kind__in=(LedgerKind.SETTLE, LedgerKind.RELEASE))
    return _named("end_without_reserve", ends.filter(~_has(LedgerKind.RESERVE)))


def _open_ends() -> Iterator[Difference]:
    settled = LedgerEntry.objects.filter(kind=LedgerKind.SETTLE)
    return _named("settle_without_release", settled.filter(~_has(LedgerKind.RELEASE)))


def _has(kind: LedgerKind) -> Exists:
    """Whether the entry's generation has one of this kind in the same scope."""
    return Exists(
        LedgerEntry.objects.filter(
            generation_id=OuterRef("generation_id"),
            scope_kind=OuterRef("scope_kind"),
            scope_id=OuterRef("scope_id"),
            kind=kind,
        )
    )


def _named(kind: str, entries: QuerySet[LedgerEntry]) -> Iterator[Difference]:
    for entry in entries.order_by("id").iterator():
        yield Difference(
            kind=kind,
            scope=Scope(entry.scope_kind, entry.scope_id),
            period=entry.period,
            generation_id=str(entry.generation_id),
        )
