"""The team's month and people's days begin with what was used before there were such counters."""

from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction

from src.usage.models import Counter, LedgerEntry
from src.usage.scopes import WHOLE_TEAM, Scope, ScopeLimit, person_day
from src.usage.services import release, settle
from src.usage.services.verification import verify_ledger
from tests.usage.conftest import PERSON, PROVIDER, counted, reserved, spent

OTHER = Scope("person_provider", "2:1")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-24 12:00:00+00:00", tick=False) as traveller:
        yield traveller


def as_before(*scopes: Scope) -> list[ScopeLimit]:
    return [ScopeLimit(scope) for scope in scopes or (PERSON, PROVIDER)]


def migrate() -> None:
    with connection.schema_editor() as editor:
        import_module("src.usage.migrations.0003_running_periods").count_running_periods(apps, editor)


def test_the_running_month_counts_for_the_team_and_the_running_day_for_each_person(clock):
    clock.move_to("2026-10-31 12:00:00+00:00")
    spent(*as_before(), images=50, micros=5000)
    clock.move_to("2026-11-23 12:00:00+00:00")
    spent(*as_before(), images=4, micros=400)
    clock.move_to("2026-11-24 12:00:00+00:00")
    spent(*as_before(), images=2, micros=200)
    spent(*as_before(OTHER, PROVIDER), images=1, micros=None, person_id=2)
    reserved(*as_before(), images=3, micros=300)
    spent(*as_before(Scope("own_key", "1:1")), images=9, key_source="personal")
    with transaction.atomic():
        release(movement=reserved(*as_before(), images=7))

    migrate()

    held = {"reserved_images": 3, "reserved_micros": 300}
    assert counted(WHOLE_TEAM) == {**held, "spent_images": 7, "spent_micros": 600}
    assert counted(person_day(1)) == {**held, "spent_images": 2, "spent_micros": 200}
    assert counted(person_day(2)) == {"spent_images": 1}
    periods = Counter.objects.filter(scope_kind__in=("team", "person_day")).values_list("period", flat=True)
    assert sorted(periods) == ["2026-11", "2026-11-24", "2026-11-24"]
    assert verify_ledger().differences == ()


def test_what_was_held_ends_in_the_new_scopes_too():
    held = reserved(*as_before(), images=3, micros=300)
    migrate()

    with transaction.atomic():
        settle(movement=held, images=2, micros=180)

    for scope in (PERSON, PROVIDER, WHOLE_TEAM, person_day(1)):
        assert counted(scope) == {"spent_images": 2, "spent_micros": 180}
    assert verify_ledger().differences == ()


def test_it_may_run_again():
    spent(*as_before(), images=2, micros=200)
    migrate()
    entries = LedgerEntry.objects.count()

    migrate()

    assert (LedgerEntry.objects.count(), counted(WHOLE_TEAM)) == (entries, {"spent_images": 2, "spent_micros": 200})
