"""The running month, and what has been used in it."""

from datetime import UTC, datetime

import pytest

from src.usage.models import Counter
from src.usage.reading import Use, current_period, read_use
from src.usage.services import Scope

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
