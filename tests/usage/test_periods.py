"""Days and months begin at midnight in the site's time zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from src.usage.models import Counter, LedgerEntry
from src.usage.periods import current_day, current_period, seconds_left
from src.usage.scopes import WHOLE_TEAM, ScopeLimit, person_day
from src.usage.services import LimitReached, settle
from tests.usage.conftest import PERSON, counted, reserved

MONTHS = [
    (datetime(2026, 10, 31, 20, 29, 59, 999_999, UTC), "2026-10"),
    (datetime(2026, 10, 31, 20, 30, tzinfo=UTC), "2026-11"),
    (datetime(2026, 11, 30, 20, 29, 59, tzinfo=UTC), "2026-11"),
    (datetime(2026, 12, 31, 20, 30, tzinfo=UTC), "2027-01"),
    (datetime(2026, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=5))), "2026-12"),
]
DAYS = [
    (datetime(2026, 11, 24, 20, 29, 59, tzinfo=UTC), "2026-11-24", datetime(2026, 11, 24, 20, 30, tzinfo=UTC)),
    (datetime(2026, 11, 24, 20, 30, tzinfo=UTC), "2026-11-25", datetime(2026, 11, 25, 20, 30, tzinfo=UTC)),
    (datetime(2026, 12, 31, 20, 30, tzinfo=UTC), "2027-01-01", datetime(2027, 1, 1, 20, 30, tzinfo=UTC)),
    (datetime(2028, 2, 28, 20, 30, tzinfo=UTC), "2028-02-29", datetime(2028, 2, 29, 20, 30, tzinfo=UTC)),
]
BEFORE_MIDNIGHT = datetime(2026, 11, 30, 20, 29, 50, tzinfo=UTC)
AFTER_MIDNIGHT = BEFORE_MIDNIGHT + timedelta(seconds=20)


@pytest.mark.parametrize(("moment", "name"), MONTHS)
def test_the_month_is_that_of_tehran(moment, name):
    assert current_period(moment).name == name


@pytest.mark.parametrize(("moment", "name", "ends_at"), DAYS)
def test_the_day_is_that_of_tehran(moment, name, ends_at):
    day = current_day(moment)

    assert (day.name, day.ends_at) == (name, ends_at)


def test_days_and_months_follow_the_site_time_zone(settings):
    settings.SITE_TIME_ZONE = "America/New_York"
    moment = datetime(2026, 11, 1, 3, 59, tzinfo=UTC)

    assert (current_period(moment).name, current_day(moment).name) == ("2026-10", "2026-10-31")


def test_a_day_of_25_hours_ends_after_25_hours(settings):
    settings.SITE_TIME_ZONE = "America/New_York"

    assert current_day(datetime(2026, 11, 1, 4, tzinfo=UTC)).ends_at == datetime(2026, 11, 2, 5, tzinfo=UTC)


@time_machine.travel(BEFORE_MIDNIGHT - timedelta(days=1), tick=False)
def test_a_day_has_the_seconds_until_midnight_left_and_a_month_more():
    assert seconds_left(person_day(1)) == 10
    assert seconds_left(WHOLE_TEAM) == 10 + 24 * 3600


@time_machine.travel(datetime(2026, 11, 30, 20, 29, 59, 900_000, UTC), tick=False)
def test_what_is_left_is_never_nothing():
    assert seconds_left(person_day(1)) == 1


def test_each_scope_is_counted_in_its_own_period(db):
    with time_machine.travel(BEFORE_MIDNIGHT, tick=False):
        reserved(ScopeLimit(PERSON), ScopeLimit(person_day(1)))

    found = {"person_provider": "2026-11", "person_day": "2026-11-30"}
    assert dict(Counter.objects.values_list("scope_kind", "period")) == found
    assert dict(LedgerEntry.objects.values_list("scope_kind", "period")) == found
    assert set(LedgerEntry.objects.values_list("day", flat=True)) == {"2026-11-30"}


@pytest.mark.parametrize("limit", [ScopeLimit(PERSON, max_images=1), ScopeLimit(person_day(1), max_images=1)], ids=str)
def test_a_new_period_starts_from_nothing(db, limit):
    with time_machine.travel(BEFORE_MIDNIGHT, tick=False):
        reserved(limit)
        with pytest.raises(LimitReached):
            reserved(limit)

    with time_machine.travel(AFTER_MIDNIGHT, tick=False):
        reserved(limit)
        with pytest.raises(LimitReached):
            reserved(limit)


def test_what_ends_after_midnight_counts_in_the_periods_it_was_reserved_in(db):
    day = person_day(1)
    with time_machine.travel(BEFORE_MIDNIGHT, tick=False):
        made = reserved(ScopeLimit(PERSON), ScopeLimit(day), images=1, micros=50)

    with time_machine.travel(AFTER_MIDNIGHT, tick=False):
        settle(movement=made, images=1, micros=40)

    assert counted(PERSON) == counted(day) == {"spent_images": 1, "spent_micros": 40}
    assert set(LedgerEntry.objects.values_list("period", "day")) == {
        ("2026-11", "2026-11-30"),
        ("2026-11-30", "2026-11-30"),
    }
    assert Counter.objects.count() == 2
