"""The running periods, what has been used in them, and what would be refused."""

from datetime import UTC, datetime

import pytest
import time_machine

from src.usage.models import Counter
from src.usage.reading import Left, Use, current_period, find_refusal, read_left, read_use
from src.usage.scopes import person_day
from src.usage.services import LimitReached, Scope, ScopeLimit
from tests.usage.conftest import PERSON, reserved, spent

FIRST, SECOND = Scope("own_key", "1:1"), Scope("person_provider", "1:1")


@pytest.mark.parametrize(
    ("moment", "name", "ends_at"),
    [
        (datetime(2026, 12, 31, 20, 29, tzinfo=UTC), "2026-12", datetime(2026, 12, 31, 20, 30, tzinfo=UTC)),
        (datetime(2026, 12, 31, 20, 30, tzinfo=UTC), "2027-01", datetime(2027, 1, 31, 20, 30, tzinfo=UTC)),
    ],
)
def test_a_month_ends_at_midnight_of_the_sites_time_zone(settings, moment, name, ends_at):
    settings.SITE_TIME_ZONE = "Asia/Tehran"

    period = current_period(moment)

    assert (period.name, period.ends_at) == (name, ends_at)


def test_only_the_asked_scopes_and_period_are_read(db, django_assert_num_queries):
    Counter.objects.create(scope_kind="own_key", scope_id="1:1", period="2026-11", spent_images=2, reserved_micros=3)
    Counter.objects.create(scope_kind="own_key", scope_id="1:1", period="2026-10", spent_images=9)
    Counter.objects.create(scope_kind="provider", scope_id="1:1", period="2026-11", spent_images=9)

    with django_assert_num_queries(1):
        use = read_use(scopes=[FIRST, SECOND], period="2026-11")

    assert use == {FIRST: Use(spent_images=2, reserved_micros=3), SECOND: Use()}


def test_no_scopes_have_no_use(db):
    assert read_use(scopes=[], period="2026-11") == {}


@time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False)
def test_each_scope_is_read_in_its_own_running_period(db, django_assert_num_queries):
    day = person_day(1)
    for scope, period in ((FIRST, "2026-11"), (day, "2026-11-24"), (day, "2026-11"), (FIRST, "2026-11-24")):
        Counter.objects.create(scope_kind=scope.kind, scope_id=scope.id, period=period, spent_images=len(period))

    with django_assert_num_queries(1):
        use = read_use(scopes=[FIRST, day])

    assert use == {FIRST: Use(spent_images=7), day: Use(spent_images=10)}


def test_the_tightest_scope_says_what_is_left(db, django_assert_num_queries):
    day, month = ScopeLimit(person_day(1), max_images=5), ScopeLimit(PERSON, max_images=9, max_micros=100)
    spent(day, month, images=2, micros=30)

    with django_assert_num_queries(1):
        left = read_left(limits=[day, month])

    assert left == Left(images=3, micros=70)


REQUESTS = [(3, 10), (4, 10), (3, 71), (3, 70), (3, None), (3, 0), (8, 500)]


@pytest.mark.parametrize(("images", "micros"), REQUESTS)
def test_what_would_be_refused_is_what_reserving_refuses(db, django_assert_num_queries, images, micros):
    limits = [ScopeLimit(PERSON, max_images=9, max_micros=100), ScopeLimit(person_day(1), max_images=5)]
    spent(*limits, images=2, micros=30)

    with django_assert_num_queries(1):
        foreseen = find_refusal(limits=limits, images=images, micros=micros)

    try:
        reserved(*limits, images=images, micros=micros)
    except LimitReached as exc:
        assert foreseen is not None and (foreseen.limit, foreseen.kind) == (exc.limit, exc.kind)
    else:
        assert foreseen is None


def test_both_outcomes_are_among_those_requests(db):
    limits = [ScopeLimit(PERSON, max_images=9, max_micros=100), ScopeLimit(person_day(1), max_images=5)]
    spent(*limits, images=2, micros=30)

    found = [find_refusal(limits=limits, images=images, micros=micros) for images, micros in REQUESTS]

    assert [each and (each.scope.kind, each.kind) for each in found] == [
        None,
        ("person_day", "images"),
        ("person_provider", "micros"),
        None,
        None,
        None,
        ("person_day", "images"),
    ]
