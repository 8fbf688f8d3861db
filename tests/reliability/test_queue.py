"""Messages that come three times, a queue that is emptied, and workers that freeze and wake up."""

from collections.abc import Iterator

import psutil
import pytest

from tests.reliability.conftest import CELERY_POSTGRES, CELERY_SQLITE, each_of
from tests.reliability.judge import UNFINISHED, Evidence, broken_promises
from tests.reliability.processes import Victim, until
from tests.reliability.switches import IS_SOAK, switched_on
from tests.reliability.world import World

pytestmark = [switched_on, pytest.mark.reliability]
PLACES = (CELERY_POSTGRES, CELERY_SQLITE) if IS_SOAK else (CELERY_POSTGRES,)
JOBS = 40 if IS_SOAK else 6
ENDED = ("succeeded", "unknown", "failed")


@pytest.fixture(scope="module", params=each_of(*PLACES))
def running(request, world_at) -> Iterator[World]:
    """Two workers, one for all tests of this file."""
    with world_at(request.param) as world:
        yield world


@pytest.fixture
def world(running: World, request) -> Iterator[World]:
    """Whole again, and at the end nothing promised is broken."""
    running.disarm()
    yield running
    running.wait_until_settled()
    facts = running.facts()
    assert broken_promises(Evidence(facts=facts, paid=running.upstream.paid)) == []


def standing(world: World, submission) -> tuple[str, str, int]:
    """How the job ended, whether it was charged, and how often it was sent."""
    job = world.job(submission)
    return job.status, job.charged, sum(call.number == submission.number for call in world.upstream.paid)


def test_a_message_that_comes_three_times_is_one_charge(world):
    paid_before = len(world.upstream.paid)
    with world.upstream.hold():
        submissions = [world.client.submit() for _ in range(JOBS)]
        jobs = [submission.job_id for submission in submissions]
        world.inspect("hint", jobs=jobs, times=3)
        world.upstream.wait_until_in_flight(JOBS, timeout_s=30)
        world.inspect("hint", jobs=jobs, times=3)
    world.wait_until_settled()
    world.inspect("hint", jobs=jobs, times=3)
    until(lambda: world.queue_length() == 0, 20, "the messages are read")

    assert [standing(world, each) for each in submissions] == [("succeeded", "yes", 1)] * JOBS
    assert len(world.upstream.paid) - paid_before == JOBS
    world.note_figures(
        "messages_three_times",
        jobs=JOBS,
        messages=JOBS * 10,
        paid_calls=JOBS,
    )


def test_every_job_ends_though_the_queue_is_emptied(world):
    with world.upstream.hold():
        submissions = [world.client.submit() for _ in range(JOBS)]
        world.empty_queue()
        submissions += [world.client.submit() for _ in range(JOBS)]
        world.empty_queue()
    world.wait_until_settled()

    assert [standing(world, each) for each in submissions] == [("succeeded", "yes", 1)] * (2 * JOBS)
    world.note_figures("queue_emptied", jobs=2 * JOBS, lost=0, paid_calls=2 * JOBS)


def test_a_worker_that_freezes_with_its_call_under_way_brings_the_picture_when_it_wakes(world):
    with world.upstream.hold():
        submission = world.client.submit()
        world.upstream.wait_until_in_flight(1, timeout_s=20)
        frozen = _calling(world)
        frozen.freeze()
        taken_over = world.wait_for_status(submission, *ENDED)
    frozen.thaw()

    assert (taken_over.status, taken_over.charged) == ("unknown", "unknown")
    world.wait_for_status(submission, "succeeded")
    assert standing(world, submission) == ("succeeded", "yes", 1)
    world.note_figures("worker_frozen_in_its_call", paid_calls=1, picture="kept")


@pytest.mark.parametrize(
    ("point", "meanwhile"),
    [
        ("claimed", "succeeded"),
        ("sent", "unknown"),
        ("answered", "unknown"),
        ("received", "succeeded"),
        ("storing", "succeeded"),
        ("stored", "succeeded"),
    ],
)
def test_a_worker_that_freezes_past_its_lease_changes_nothing_when_it_wakes(world, point, meanwhile):
    world.arm(**{point: {"do": "stop"}})
    submission = world.client.submit()
    until(lambda: _frozen(world), 20, f"a worker freezes at {point}")
    (frozen,) = _frozen(world)
    assert world.job(submission).status in UNFINISHED

    assert world.wait_for_status(submission, *ENDED).status == meanwhile
    before = _facts_of(world, submission)
    losses = _lost_leases(frozen)
    frozen.thaw()
    until(lambda: _lost_leases(frozen) > losses, 20, "it learns that its lease is lost")
    world.wait_for_status(submission, "succeeded")

    assert standing(world, submission) == ("succeeded", "yes", 1)
    if meanwhile == "succeeded":
        assert _facts_of(world, submission) == before
    world.note_figures(
        "worker_frozen_past_its_lease",
        point=point,
        meanwhile=meanwhile,
        paid_calls=1,
    )


def _calling(world: World) -> Victim:
    """The worker that has a connection to a provider."""
    port = int(world.upstream.url.rpartition(":")[2])
    (found,) = [
        worker
        for worker in world.workers
        for each in psutil.Process(worker.pid).net_connections("tcp")
        if each.raddr and each.raddr.port == port and each.status == psutil.CONN_ESTABLISHED
    ]
    return found


def _frozen(world: World) -> list[Victim]:
    return [worker for worker in world.workers if worker.is_frozen]


def _lost_leases(worker: Victim) -> int:
    return worker.log_file.read_text().count('"lease_lost"')


def _facts_of(world: World, submission):
    (job,) = [job for job in world.facts().jobs if job.id == submission.job_id]
    return job
