"""Two hundred followers of one server hold no thread each, and are all told."""

import threading

import pytest
from django.conf import settings as configured

from src.ai.services import job_streams
from tests.ai.jobs.test_events import wait_until

STREAMS = 200


@pytest.fixture
def held(api, ai_manager, settings):
    settings.EVENT_STREAMS_PER_PERSON = STREAMS + 1
    settings.PROVIDER_TIMEOUT_S = 60
    streams = []
    yield streams
    for stream in streams:
        stream.hang_up()
    wait_until(lambda: not job_streams.open_streams(ai_manager))


def test_idle_streams_hold_no_thread_and_all_hear_the_end(api, ai_manager, held, upstream):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        for _ in range(STREAMS // 5):
            held.append(api.follow(job_id))
            held[-1].next()
        threads = threading.active_count()
        while len(held) < STREAMS:
            held.append(api.follow(job_id))
            held[-1].next()
        added = threading.active_count() - threads
        assert job_streams.open_streams(ai_manager) == STREAMS

    assert added <= configured.DB_THREADS
    assert {stream.rest()[-1].data["status"] for stream in held} == {"succeeded"}
