"""A full disk and failing fsyncs while an answer or a picture is stored: it is paid for once, and ends later."""

import time
from collections.abc import Iterator

import pytest

from tests.reliability.conftest import CELERY_POSTGRES, EMBEDDED_SQLITE, each_of
from tests.reliability.judge import Evidence, broken_promises
from tests.reliability.processes import until
from tests.reliability.switches import IS_SOAK, switched_on
from tests.reliability.world import World

pytestmark = [switched_on, pytest.mark.reliability]
PLACES = (EMBEDDED_SQLITE, CELERY_POSTGRES) if IS_SOAK else (EMBEDDED_SQLITE,)
ALWAYS = None
LOOKS, LOOK_S = 4, 0.5


@pytest.fixture(scope="module", params=each_of(*PLACES))
def running(request, world_at) -> Iterator[World]:
    """One for all tests of this file."""
    with world_at(request.param, workers=1) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    running.disarm()
    yield running
    running.wait_until_settled()
    assert broken_promises(Evidence(facts=running.facts(), paid=running.upstream.paid)) == []


def paid_calls(world: World, submission) -> int:
    return sum(call.number == submission.number for call in world.upstream.paid)


@pytest.mark.parametrize("deed", ["enospc", "eio"])
def test_while_the_library_takes_nothing_the_call_stays_received(world, deed):
    world.arm(library_write={"do": deed, "times": ALWAYS})
    submission = world.client.submit()
    until(lambda: world.job(submission).setbacks >= 1, 20, "the job is set back")

    held = world.job(submission)
    assert (held.status, held.call, held.charged, paid_calls(world, submission)) == ("queued", "received", "unknown", 1)

    world.disarm()
    assert world.wait_for_status(submission, "succeeded").charged == "yes"
    assert paid_calls(world, submission) == 1
    world.note_figures(
        "library_fails",
        error=deed,
        call="received",
        ends="succeeded",
        paid_calls=1,
    )


@pytest.mark.parametrize("deed", ["enospc", "eio"])
def test_an_inbox_that_fails_for_a_while_is_tried_again(world, deed):
    world.arm(durable_write={"do": deed, "times": 2})
    submission = world.client.submit()

    assert world.wait_for_status(submission, "succeeded").charged == "yes"
    assert paid_calls(world, submission) == 1
    world.note_figures(
        "inbox_fails_twice",
        error=deed,
        ends="succeeded",
        paid_calls=1,
    )


def test_an_answer_that_neither_takes_is_kept_in_memory_until_one_does(world):
    full = {"do": "enospc", "times": ALWAYS}
    world.arm(durable_write=full, library_write=full)
    submission = world.client.submit()
    until(lambda: paid_calls(world, submission), 20, "it is sent")
    for _look in range(LOOKS):
        time.sleep(LOOK_S)
        assert (world.job(submission).status, world.job(submission).call) == ("running", "sent")

    world.disarm()
    assert world.wait_for_status(submission, "succeeded").charged == "yes"
    assert paid_calls(world, submission) == 1
    world.note_figures("inbox_and_library_full", ends="succeeded", paid_calls=1)
