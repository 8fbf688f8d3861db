"""However many race, exactly as many pass as fit, and none waits for another forever."""

import pytest
from django.db import transaction

from src.usage.models import Counter, LedgerEntry, LimitWarning
from src.usage.scopes import WHOLE_TEAM, person_day
from src.usage.services import LimitReached, ScopeLimit, note_refusal, note_warnings, release, reserve, settle
from src.usage.services.verification import verify_ledger
from tests.usage.conftest import PERSON, PROVIDER, counted, counted_by_ledger, movement, race, reserved

THREADS = 60
pytestmark = pytest.mark.django_db(transaction=True)


def outcomes(results: list[object]) -> dict[str, int]:
    names = ["passed" if result is None else type(result).__name__ for result in results]
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize(
    ("limit", "micros"),
    [
        (ScopeLimit(PERSON, max_images=20), None),
        (ScopeLimit(PERSON, max_micros=20 * 40_000 + 39_999), 40_000),
        (ScopeLimit(PERSON, max_images=20, max_micros=60 * 40_000), 40_000),
    ],
    ids=["pictures", "money", "both"],
)
def test_exactly_as_many_pass_as_fit(limit, micros):
    def order(_number: int) -> None:
        with transaction.atomic():
            reserve(movement=movement(), limits=[limit, ScopeLimit(PROVIDER)], images=1, micros=micros)

    results = race(THREADS, order)

    assert outcomes(results) == {"passed": 20, LimitReached.__name__: 40}
    assert counted(PERSON) == counted(PROVIDER) == counted_by_ledger(PERSON) == counted_by_ledger(PROVIDER)
    assert LedgerEntry.objects.count() == 40


def test_of_200_at_once_exactly_50_pass_a_budget_of_50():
    limits = [ScopeLimit(PERSON), ScopeLimit(PROVIDER), ScopeLimit(person_day(1)), ScopeLimit(WHOLE_TEAM, None, 50)]

    def order(_number: int) -> None:
        with transaction.atomic():
            reserve(movement=movement(), limits=limits, images=1, micros=1)

    assert outcomes(race(200, order)) == {"passed": 50, LimitReached.__name__: 150}
    assert [counted(limit.scope) for limit in limits] == [{"reserved_images": 50, "reserved_micros": 50}] * 4
    assert verify_ledger().differences == ()


def test_of_two_that_cross_a_mark_at_once_one_writes_the_warning():
    limits = [ScopeLimit(PERSON, max_images=10)]
    made = [reserved(*limits) for _ in range(10)]

    def end(number: int) -> list[LimitWarning]:
        with transaction.atomic():
            settle(movement=made[number], images=1, micros=None)
            return note_warnings(movement=made[number], limits=limits)

    new = [warning for warnings in race(10, end) for warning in warnings]

    assert sorted(warning.percent for warning in new) == [80, 100]
    assert LimitWarning.objects.count() == 2


def test_of_many_refused_at_once_one_writes_the_warning():
    limit = ScopeLimit(PERSON, max_images=0)

    def refuse(_number: int) -> list[LimitWarning]:
        return note_refusal(movement=movement(), reached=LimitReached(limit, "images"))

    new = [warning for warnings in race(20, refuse) for warning in warnings]

    assert sorted(warning.percent for warning in new) == [80, 100]


def test_a_budget_that_is_only_in_the_second_scope_holds_as_well():
    limits = [ScopeLimit(PROVIDER, max_micros=20 * 40_000), ScopeLimit(PERSON)]

    def order(_number: int) -> None:
        with transaction.atomic():
            reserve(movement=movement(), limits=limits, images=1, micros=40_000)

    assert outcomes(race(THREADS, order)) == {"passed": 20, LimitReached.__name__: 40}
    assert counted(PERSON) == counted(PROVIDER) == {"reserved_images": 20, "reserved_micros": 800_000}


def test_those_that_reserve_and_end_in_any_order_do_not_wait_for_each_other():
    limits = [ScopeLimit(PERSON), ScopeLimit(PROVIDER)]

    def live(number: int) -> None:
        made = movement()
        with transaction.atomic():
            reserve(movement=made, limits=limits[:: 1 if number % 2 else -1], images=2, micros=100)
        with transaction.atomic():
            settle(movement=made, images=1, micros=60) if number % 3 else release(movement=made)

    results = race(THREADS, live)

    assert outcomes(results) == {"passed": THREADS}
    assert counted(PERSON) == counted(PROVIDER) == {"spent_images": 40, "spent_micros": 2_400}
    assert Counter.objects.count() == 2


def test_of_two_ends_at_once_one_counts():
    held, made = reserved(images=5, micros=500), reserved(images=2, micros=80)

    def end(number: int) -> None:
        with transaction.atomic():
            settle(movement=made, images=2, micros=80) if number % 2 else release(movement=made)

    results = race(8, end)

    assert outcomes(results) == {"passed": 1, "IntegrityError": 7}
    release(movement=held)
    assert counted() == counted_by_ledger()
    assert "reserved_images" not in counted()
