"""SIGTERM with 20 jobs in flight and 200 event streams: the server ends in time, answers who waits, loses no job."""

import http.client
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from src.ai.models import Charged, GenerationStatus, ImageGeneration
from tests.ai.jobs.conftest import JOBS, Answered
from tests.reliability.load_client import PatientApi
from tests.reliability.load_processes import ServerProcess
from tests.reliability.load_scene import (
    assert_books_are_right,
    assert_no_server_error,
    charges,
    make_small_model,
    pictures_in_library,
    wait_until_all_ended,
)
from tests.reliability.load_switch import long_or_short, only_when_on, report
from tests.upstream import Upstream

pytestmark = [only_when_on, pytest.mark.django_db(transaction=True)]

IN_FLIGHT, WAITING, QUEUED = 20, 12, 5
STREAMS = long_or_short(200, 60)
DRAIN_S = long_or_short(10.0, 4.0)
MARGIN_S = 5.0


@pytest.fixture
def server(tmp_path):
    options = {
        "DRAIN_TIMEOUT_S": str(DRAIN_S),
        "EVENT_STREAMS_PER_PERSON": str(STREAMS),
        "JOBS_AT_ONCE": str(IN_FLIGHT),
        "JOB_LEASE_S": "2",
        "JOB_POLL_S": "0.3",
    }
    with ServerProcess(tmp_path, **options) as running:
        yield running


@pytest.fixture
def api(server, upstream, ai_manager, token_of):
    return PatientApi(server, token_of(ai_manager), make_small_model(upstream))


def test_services_that_answer_while_it_drains(server, api, upstream):
    with ExitStack() as held:
        held.enter_context(upstream.hold())
        took_s, answers, jobs = stop_in_full_flight(server, api, upstream, answer=held.close)

    assert took_s < DRAIN_S + MARGIN_S
    assert statuses() == {GenerationStatus.SUCCEEDED: IN_FLIGHT, GenerationStatus.QUEUED: QUEUED}
    server.start()
    wait_until_all_ended(30)

    assert statuses() == {GenerationStatus.SUCCEEDED: jobs}
    assert (upstream.paid_calls, pictures_in_library(), charges()) == (jobs, jobs, jobs)
    assert_no_server_error([server])
    assert_books_are_right()
    report("stop_while_services_answer", exit_s=round(took_s, 1), drain_s=DRAIN_S, streams=STREAMS, answers=answers)


def test_services_that_do_not_answer_in_time(server, api, upstream):
    with upstream.hold():
        took_s, answers, jobs = stop_in_full_flight(server, api, upstream)
    assert took_s < DRAIN_S + MARGIN_S
    server.start()
    wait_until_all_ended(30)

    assert statuses() == {GenerationStatus.UNKNOWN: IN_FLIGHT, GenerationStatus.SUCCEEDED: QUEUED}
    assert ImageGeneration.objects.filter(charged=Charged.UNKNOWN).count() == IN_FLIGHT
    assert (upstream.paid_calls, pictures_in_library(), charges()) == (jobs, QUEUED, QUEUED)
    assert_no_server_error([server])
    assert_books_are_right()
    report("stop_while_services_are_silent", exit_s=round(took_s, 1), drain_s=DRAIN_S, streams=STREAMS, answers=answers)


def stop_in_full_flight(
    server: ServerProcess, api: PatientApi, upstream: Upstream, *, answer: Callable[[], None] | None = None
) -> tuple[float, dict[int, int], int]:
    """Seconds from SIGTERM to the end, how often which status was answered to those that waited, and how many jobs
    there are. All of them, and all streams, are answered to the end. `answer` is called half way through the drain."""
    with ThreadPoolExecutor(WAITING) as clients:
        waiting: list[Future[Answered]] = [clients.submit(api.generate) for _ in range(WAITING)]
        upstream.wait_until_in_flight(WAITING, timeout_s=15)
        jobs = [api.generate(wait=False).data["id"] for _ in range(IN_FLIGHT - WAITING + QUEUED)]
        upstream.wait_until_in_flight(IN_FLIGHT, timeout_s=15)
        streams = [open_stream(api, "events/" if number % 2 else f"{jobs[0]}/events/") for number in range(STREAMS)]

        assert upstream.in_flight == IN_FLIGHT
        began = time.monotonic()
        server.terminate()
        if answer is not None:
            time.sleep(DRAIN_S / 2)
            answer()
        server.wait(DRAIN_S + 4 * MARGIN_S)
        took_s = time.monotonic() - began

        answers = Counter(each.result().status for each in waiting)
        texts = [read_to_the_end(*stream) for stream in streams]
    assert '"event": "stopped"' in server.log
    assert set(answers) <= {201, 202}
    assert all(b"event: " in text for text in texts)
    return took_s, dict(answers), WAITING + len(jobs)


Stream = tuple[http.client.HTTPConnection, http.client.HTTPResponse]


def open_stream(api: PatientApi, path: str) -> Stream:
    connection = api.begin("GET", f"{JOBS}{path}")
    answer = connection.getresponse()
    assert answer.status == 200
    return connection, answer


def read_to_the_end(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> bytes:
    """Raises http.client.IncompleteRead for a stream that was cut off."""
    text = answer.read()
    connection.close()
    return text


def statuses() -> dict[str, int]:
    return dict(Counter(ImageGeneration.objects.values_list("status", flat=True)))
