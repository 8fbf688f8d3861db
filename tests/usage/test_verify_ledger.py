"""Working out the counters anew: nothing to say where all is well, and each kind of difference by name."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from src.usage.models import Counter, LedgerEntry
from src.usage.scopes import Scope
from src.usage.services import ScopeLimit, release
from src.usage.services.verification import Difference, verify_ledger
from tests.usage.conftest import PERSON, PROVIDER, reserved, spent

pytestmark = pytest.mark.django_db
UNITS = ("reserved_images", "reserved_micros", "spent_images", "spent_micros")


@pytest.fixture
def period() -> str:
    """Of three generations: one held, one spent, one given back, in two scopes."""
    limits = [ScopeLimit(PERSON), ScopeLimit(PROVIDER)]
    reserved(*limits, images=3, micros=300)
    spent(*limits, images=2, micros=150)
    release(movement=reserved(*limits, images=1, micros=None))
    return Counter.objects.values_list("period", flat=True)[0]


def verify(*options: str) -> tuple[str, str]:
    """What is written, and what the command fails with."""
    out = StringIO()
    try:
        call_command("ledger", "verify", *options, stdout=out)
    except CommandError as exc:
        return out.getvalue(), str(exc)
    return out.getvalue(), ""


def test_a_true_ledger_has_no_difference(period, django_assert_num_queries):
    with django_assert_num_queries(6):
        found = verify_ledger()

    assert (found.counters, found.entries, found.differences) == (2, 12, ())


def test_an_empty_ledger_has_no_difference():
    assert verify_ledger().differences == ()


@pytest.mark.parametrize("unit", UNITS)
def test_a_counter_that_counts_otherwise_is_named(period, unit):
    row = Counter.objects.get(scope_kind="provider")
    Counter.objects.filter(pk=row.pk).update(**{unit: F(unit) + 5})

    right = getattr(row, unit)
    assert verify_ledger().differences == (
        Difference(kind="counter", scope=PROVIDER, period=period, unit=unit, counted=right + 5, booked=right),
    )


def test_a_counter_that_is_gone_is_named(period):
    Counter.objects.filter(scope_kind="provider").delete()

    found = verify_ledger().differences

    assert {(each.unit, each.counted, each.booked) for each in found} == {
        ("reserved_images", 0, 3),
        ("reserved_micros", 0, 300),
        ("spent_images", 0, 2),
        ("spent_micros", 0, 150),
    }


def test_a_counter_that_has_no_entries_is_named(period):
    Counter.objects.create(scope_kind="team", scope_id="all", period="2026-01", spent_images=1)

    [found] = verify_ledger().differences

    assert (found.scope, found.period, found.counted, found.booked) == (Scope("team", "all"), "2026-01", 1, 0)


def test_an_end_without_a_beginning_is_named(period):
    made = spent(ScopeLimit(PERSON), images=0, micros=0)
    LedgerEntry.objects.filter(generation_id=made.generation_id, kind="reserve").delete()

    found = verify_ledger().differences

    assert [(each.kind, each.scope, each.generation_id) for each in found] == [
        ("end_without_reserve", PERSON, str(made.generation_id))
    ] * 2


def test_a_settlement_that_did_not_end_the_reservation_is_named(period):
    made = spent(ScopeLimit(PERSON), images=0, micros=0)
    LedgerEntry.objects.filter(generation_id=made.generation_id, kind="release").delete()

    found = verify_ledger().differences

    assert [(each.kind, each.generation_id) for each in found] == [("settle_without_release", str(made.generation_id))]


@pytest.mark.parametrize("other", [Scope("provider", "2"), Scope("team", "1")], ids=str)
def test_a_reservation_that_ended_in_another_scope_alone_is_still_held(other):
    made = reserved(ScopeLimit(PROVIDER), ScopeLimit(other))
    release(movement=made)
    LedgerEntry.objects.get(kind="release", scope_kind=PROVIDER.kind, scope_id=PROVIDER.id).delete()

    [found] = verify_ledger().differences

    assert (found.scope, found.unit, found.counted, found.booked) == (PROVIDER, "reserved_images", 0, 1)


def test_the_command_says_in_one_line_that_all_is_well(period):
    assert verify() == ("2 counters, 12 entries: no difference\n", "")


def test_the_command_fails_with_a_table(period):
    Counter.objects.filter(scope_kind="provider").update(spent_images=9)

    written, failed = verify()

    heading, row = written.splitlines()
    assert heading.split() == ["kind", "scope", "period", "unit", "counter", "ledger", "generation"]
    assert row.split() == ["counter", "provider:1", period, "spent_images", "9", "2"]
    assert failed == "1 differences."


def test_the_command_writes_json(period):
    true, _failed = verify("--json")
    Counter.objects.filter(scope_kind="provider").update(spent_images=9)

    written, failed = verify("--json")

    assert json.loads(true) == {"counters": 2, "entries": 12, "differences": []}
    [difference] = json.loads(written)["differences"]
    assert (difference["unit"], difference["counter"], difference["ledger"]) == ("spent_images", 9, 2)
    assert failed
