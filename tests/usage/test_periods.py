"""A month begins at midnight in the site's time zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from src.usage.models import Counter, LedgerEntry
from src.usage.services import LimitReached, ScopeLimit, period_of, settle
from tests.usage.conftest import PERSON, counted, reserved


@pytest.mark.parametrize(
    ("moment", "period"),
    [
        (datetime(2026, 10, 31, 20, 29, 59, 999_999, UTC), "2026-10"),
        (datetime(2026, 10, 31, 20, 30, tzinfo=UTC), "2026-11"),
        (datetime(2026, 11, 30, 20, 29, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 31, 20, 30, tzinfo=UTC), "2027-01"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=5))), "2026-12"),
    ],
)
def test_the_month_is_that_of_tehran(moment, period):
    assert period_of(moment) == period


def test_the_month_follows_the_site_time_zone(settings):
    settings.SITE_TIME_ZONE = "America/New_York"

    assert period_of(datetime(2026, 11, 1, 3, 59, tzinfo=UTC)) == "2026-10"


def moved_to_last_month() -> None:
    for table in (Counter, LedgerEntry):
        table.objects.update(period="2000-01")


def test_a_new_month_starts_from_nothing(db):
    limit = ScopeLimit(PERSON, max_images=1)
    reserved(limit)
    moved_to_last_month()

    reserved(limit)

    with pytest.raises(LimitReached):
        reserved(limit)
    assert set(Counter.objects.values_list("period", flat=True)) == {"2000-01", period_of()}


def test_what_is_settled_after_the_month_ended_counts_in_the_month_it_was_reserved_in(db):
    made = reserved(images=1, micros=50)
    moved_to_last_month()

    settle(movement=made, images=1, micros=40)

    assert counted() == {"spent_images": 1, "spent_micros": 40}
    assert set(LedgerEntry.objects.values_list("period", flat=True)) == {"2000-01"}
    assert Counter.objects.count() == 1
