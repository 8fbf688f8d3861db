"""Reserve, settle, release: the only writers of ledger and counters.

Each runs inside the caller's transaction and touches scopes in one fixed order, so that two of them cannot wait
for each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from src.usage.models import Counter, LedgerEntry, LedgerKind
from src.usage.periods import current_day, period_of
from src.usage.scopes import Scope, ScopeLimit, in_order


@dataclass(frozen=True)
class Movement:
    """Whose generation the entries are of."""

    generation_id: UUID
    person_id: int
    provider_slug: str
    model_id: str
    key_source: str


@dataclass(frozen=True)
class Booked:
    """Where and when a reservation counts."""

    scope: Scope
    period: str
    day: str

    @classmethod
    def of(cls, entry: LedgerEntry) -> "Booked":
        return cls(Scope(entry.scope_kind, entry.scope_id), entry.period, entry.day)


class LimitReached(Exception):
    """The reservation does not fit `limit`. `kind` (`images` or `micros`) says which half of it."""

    def __init__(self, limit: ScopeLimit, kind: str):
        super().__init__(kind)
        self.limit = limit
        self.kind = kind

    @property
    def scope(self) -> Scope:
        return self.limit.scope


def reserve(*, movement: Movement, limits: Iterable[ScopeLimit], images: int, micros: int | None) -> None:
    """Hold `images` and `micros` (None: the price is unknown, no money is held) in every scope, or in none.

    Exactly as many callers pass as fit, however many race. Call inside a transaction; raises LimitReached,
    which must roll it back.
    """
    now = timezone.now()
    day = current_day(now).name
    for limit in in_order(limits):
        period = period_of(limit.scope, now).name
        _reserve_one(limit, period, images, micros)
        _write(movement, LedgerKind.RESERVE, Booked(limit.scope, period, day), images, micros)


def _reserve_one(limit: ScopeLimit, period: str, images: int, micros: int | None) -> None:
    key = {"scope_kind": limit.scope.kind, "scope_id": limit.scope.id, "period": period}
    Counter.objects.bulk_create([Counter(**key)], ignore_conflicts=True)
    row = Counter.objects.filter(**key)
    fits = row
    if limit.max_images is not None:
        fits = fits.alias(images_after=Counter.used_images() + images).filter(images_after__lte=limit.max_images)
    # What costs nothing fits any budget, also one that a dearer bill than was held has gone past.
    if limit.max_micros is not None and micros:
        fits = fits.alias(micros_after=Counter.used_micros() + micros).filter(micros_after__lte=limit.max_micros)
    if limit.max_micros is not None and micros is None:
        # Nothing is held for an unknown price, but a budget that is used up still stops it.
        fits = fits.alias(micros_used=Counter.used_micros()).filter(micros_used__lt=limit.max_micros)
    updated = fits.update(
        reserved_images=F("reserved_images") + images, reserved_micros=F("reserved_micros") + (micros or 0)
    )
    if not updated:
        raise LimitReached(limit, _which_limit(row, limit, images))


def _which_limit(row: QuerySet[Counter], limit: ScopeLimit, images: int) -> str:
    counter = row.get()
    used = counter.reserved_images + counter.spent_images
    return "images" if limit.max_images is not None and used + images > limit.max_images else "micros"


def settle(*, movement: Movement, images: int, micros: int | None) -> None:
    """Book the real use, in full even where it is more than was reserved, and give back the rest.

    Call inside a transaction, once per generation. Each reservation ends with one `release`, also of nothing, so
    that a second end (settle or release) violates the ledger's uniqueness.
    """
    for entry in _reservations(movement.generation_id):
        _counter_of(entry).update(
            reserved_images=F("reserved_images") - entry.images,
            reserved_micros=F("reserved_micros") - (entry.micros or 0),
            spent_images=F("spent_images") + images,
            spent_micros=F("spent_micros") + (micros or 0),
        )
        booked = Booked.of(entry)
        _write(movement, LedgerKind.SETTLE, booked, images, micros)
        rest_images = max(0, entry.images - images)
        rest_micros = None if entry.micros is None else max(0, entry.micros - (micros or 0))
        _write(movement, LedgerKind.RELEASE, booked, rest_images, rest_micros)


def release(*, movement: Movement) -> None:
    """Give back the whole reservation. Call inside a transaction, once per generation."""
    for entry in _reservations(movement.generation_id):
        _counter_of(entry).update(
            reserved_images=F("reserved_images") - entry.images,
            reserved_micros=F("reserved_micros") - (entry.micros or 0),
        )
        _write(movement, LedgerKind.RELEASE, Booked.of(entry), entry.images, entry.micros)


def _reservations(generation_id: UUID) -> list[LedgerEntry]:
    """In the order in which `reserve` locks their counters."""
    entries = LedgerEntry.objects.filter(generation_id=generation_id, kind=LedgerKind.RESERVE)
    return sorted(entries, key=lambda entry: Scope(entry.scope_kind, entry.scope_id))


def _counter_of(entry: LedgerEntry) -> QuerySet[Counter]:
    return Counter.objects.filter(scope_kind=entry.scope_kind, scope_id=entry.scope_id, period=entry.period)


def _write(movement: Movement, kind: LedgerKind, booked: Booked, images: int, micros: int | None) -> None:
    LedgerEntry.objects.create(
        kind=kind,
        generation_id=movement.generation_id,
        scope_kind=booked.scope.kind,
        scope_id=booked.scope.id,
        period=booked.period,
        day=booked.day,
        images=images,
        micros=micros,
        person_id=movement.person_id,
        provider_slug=movement.provider_slug,
        model_id=movement.model_id,
        key_source=movement.key_source,
    )
