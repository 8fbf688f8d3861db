"""When a service that is down is left alone, and who tries whether it is back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction

from src.ai.models import AIProvider, ProviderCircuit
from src.ai.services.job_circuits import admit, note_answer, note_no_call, note_outage, retry_moment
from tests.core.conftest import log_lines
from tests.factories import make_provider

__all__ = ["log_lines"]

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RACERS = 16
KEY = "a1"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def limits(settings):
    settings.CIRCUIT_FAILURES, settings.CIRCUIT_WINDOW_S = 5, 60
    settings.CIRCUIT_OPEN_S, settings.CIRCUIT_MAX_OPEN_S = 30, 300
    settings.PROVIDER_TIMEOUT_S = 100


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def provider() -> AIProvider:
    return make_provider()


@pytest.fixture
def where(provider) -> dict:
    return {"provider_id": provider.pk, "key_fingerprint": KEY}


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def fail(where: dict, times: int = 5) -> None:
    for _ in range(times):
        note_outage(**where)


def both(where: dict) -> tuple[datetime | None, datetime | None]:
    return retry_moment(**where), admit(**where)


def race(work) -> list:
    """What each of so many threads, that start at once, got; each in a transaction that the work does not end."""
    gate = threading.Barrier(RACERS)

    def run(_number: int):
        gate.wait()
        try:
            with transaction.atomic():
                return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def test_a_service_that_never_failed_is_asked(where):
    assert both(where) == (None, None)


def test_four_outages_leave_it_closed(where, clock):
    fail(where, 4)

    assert both(where) == (None, None)


def test_the_fifth_in_a_row_opens_it_for_half_a_minute(where, clock):
    fail(where)

    assert both(where) == (after(30), after(30))


def test_an_answer_in_between_begins_the_row_anew(where, clock):
    fail(where, 4)
    note_answer(**where)
    fail(where, 4)

    assert both(where) == (None, None)


def test_outages_far_apart_are_no_row(where, clock):
    fail(where, 4)
    clock.move_to(after(61))
    fail(where, 4)
    assert both(where) == (None, None)

    fail(where, 1)
    assert both(where) == (after(91), after(91))


def test_another_key_and_another_provider_are_asked_all_the_same(where, clock):
    fail(where)

    assert both(where | {"key_fingerprint": ""}) == (None, None)
    assert both(where | {"provider_id": make_provider("groq").pk}) == (None, None)


def test_after_the_pause_one_job_tries_and_the_others_look_again_a_little_later(where, clock):
    fail(where)
    clock.move_to(after(30))

    assert both(where) == (None, None)
    assert both(where) == (None, after(35))


def test_a_failed_probe_opens_it_for_twice_as_long_up_to_five_minutes(where, clock):
    fail(where)
    pauses, moment = [], 30.0
    for _ in range(6):
        clock.move_to(after(moment))
        assert admit(**where) is None
        note_outage(**where)
        pauses.append((retry_moment(**where) - after(moment)).total_seconds())
        moment += pauses[-1]

    assert pauses == [60, 120, 240, 300, 300, 300]


def test_an_answer_to_the_probe_closes_it_and_forgets_how_often_it_was_open(where, clock):
    fail(where)
    clock.move_to(after(30))
    admit(**where)
    note_outage(**where)
    clock.move_to(after(90))
    admit(**where)

    note_answer(**where)

    assert both(where) == (None, None)
    fail(where, 4)
    assert both(where) == (None, None)
    fail(where, 1)
    assert retry_moment(**where) == after(120)


def test_outages_of_calls_that_began_earlier_do_not_keep_it_open_longer(where, clock):
    fail(where)
    clock.move_to(after(20))
    fail(where, 10)
    assert both(where) == (after(30), after(30))

    clock.move_to(after(31))
    fail(where, 10)
    assert both(where) == (None, None)


def test_a_probe_that_its_call_ends_by_the_clock_still_counts(where, clock):
    fail(where)
    clock.move_to(after(30))
    admit(**where)
    clock.move_to(after(30 + 101))
    assert admit(**where) == after(30 + 106)

    note_outage(**where)

    assert retry_moment(**where) == after(30 + 101 + 60)


def test_a_probe_whose_holder_died_is_over_after_a_while(where, clock):
    fail(where)
    clock.move_to(after(30))
    admit(**where)
    clock.move_to(after(30 + 114))
    assert admit(**where) == after(30 + 115)
    clock.move_to(after(30 + 115))

    assert admit(**where) is None
    assert admit(**where) is not None


def test_a_probe_that_never_called_leaves_its_place_to_the_next(where, clock):
    fail(where)
    clock.move_to(after(30))
    admit(**where)

    note_no_call(**where)

    assert admit(**where) is None
    assert admit(**where) is not None


def test_a_claim_that_is_rolled_back_is_no_probe(where, clock):
    fail(where)
    clock.move_to(after(30))
    with transaction.atomic():
        admit(**where)
        transaction.set_rollback(True)

    assert admit(**where) is None


@pytest.mark.parametrize("is_known", [False, True])
def test_where_all_is_well_an_answer_costs_one_query_and_writes_nothing(where, is_known, django_assert_num_queries):
    if is_known:
        note_outage(**where)
        note_answer(**where)

    with django_assert_num_queries(1) as queries:
        note_answer(**where)
    assert queries[0]["sql"].startswith("SELECT")
    with django_assert_num_queries(1):
        retry_moment(**where)
    with django_assert_num_queries(1):
        admit(**where)


def test_the_log_says_that_it_opened_and_not_with_which_key(where, clock, log_lines):
    fail(where, 6)

    [line] = log_lines("circuit_opened")
    assert (line["provider_id"], line["seconds"]) == (where["provider_id"], 30)
    assert KEY not in [value for name, value in line.items() if name != "timestamp"]


def test_of_many_at_once_exactly_one_is_the_probe(where):
    for _ in range(5):
        fail(where)
        ProviderCircuit.objects.update(opens_again_at=NOW - timedelta(days=1), probe_until=None)

        assert race(lambda: admit(**where)).count(None) == 1
        note_answer(**where)


def test_outages_at_once_are_all_counted(where, settings):
    settings.CIRCUIT_FAILURES = RACERS + 1

    race(lambda: note_outage(**where))

    assert ProviderCircuit.objects.get().failures == RACERS
    assert retry_moment(**where) is None
    note_outage(**where)
    assert retry_moment(**where) is not None
