"""Movements and scopes, and what the ledger and the counters say of them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from src.usage.models import Counter, LedgerEntry
from src.usage.services import LimitReached, Movement, Scope, ScopeLimit, reserve, settle

PERSON, PROVIDER = Scope("person_provider", "1:1"), Scope("provider", "1")
NO_LIMIT = ScopeLimit(PERSON)


def movement(generation_id: UUID | None = None, **whose: Any) -> Movement:
    """Of person 1 with OpenAI's shared key, but for what `whose` says."""
    usual = {"person_id": 1, "provider_slug": "openai", "model_id": "gpt-image", "key_source": "shared"}
    return Movement(generation_id or uuid4(), **{**usual, **whose})


def reserved(*limits: ScopeLimit, images: int = 1, micros: int | None = None, **whose: Any) -> Movement:
    """A new generation that holds this much."""
    made = movement(**whose)
    with transaction.atomic():
        reserve(movement=made, limits=limits or (NO_LIMIT,), images=images, micros=micros)
    return made


def spent(*limits: ScopeLimit, images: int = 1, micros: int | None = None, **whose: Any) -> Movement:
    """A new generation that has used this much."""
    made = reserved(*map(without_numbers, limits), images=images, micros=micros, **whose)
    with transaction.atomic():
        settle(movement=made, images=images, micros=micros)
    return made


def without_numbers(limit: ScopeLimit) -> ScopeLimit:
    return ScopeLimit(limit.scope)


def counted(scope: Scope = PERSON) -> dict[str, int]:
    """The scope's counter without its zeros."""
    names = ("reserved_images", "reserved_micros", "spent_images", "spent_micros")
    row = Counter.objects.filter(scope_kind=scope.kind, scope_id=scope.id).values(*names).first() or {}
    return {name: value for name, value in row.items() if value}


def counted_by_ledger(scope: Scope = PERSON) -> dict[str, int]:
    """What the counter must be, from the ledger alone: open reservations, and all settlements."""
    entries = LedgerEntry.objects.filter(scope_kind=scope.kind, scope_id=scope.id)
    ended = entries.filter(kind="release").values("generation_id")
    still_open = entries.filter(kind="reserve").exclude(generation_id__in=ended)
    sums = {}
    for name, part in (("reserved", still_open), ("spent", entries.filter(kind="settle"))):
        total = part.aggregate(images=Sum("images"), micros=Sum("micros"))
        sums |= {f"{name}_images": total["images"], f"{name}_micros": total["micros"]}
    return {name: value for name, value in sums.items() if value}


def entries_of(made: Movement) -> list[tuple[str, int, int | None]]:
    """(kind, images, micros) in the order written."""
    rows = LedgerEntry.objects.filter(generation_id=made.generation_id).order_by("id")
    return [(row.kind, row.images, row.micros) for row in rows]


CONNECTIONS = threading.BoundedSemaphore(60)
"""PostgreSQL takes 100 from everybody together."""


def race(count: int, work: Callable[[int], Any]) -> list[Any]:
    """`work(number)` in so many threads that start at once; what each returned or raised."""
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait()
        with CONNECTIONS:
            try:
                return work(number)
            except (LimitReached, DatabaseError) as exc:
                return exc
            finally:
                connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
