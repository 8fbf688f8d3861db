"""2,000 submits against a queue cap of 200: as many are accepted as there is room, 429 with Retry-After for the rest.

In the short form 250 submits against a cap of 25.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from src.ai.models import GenerationStatus, ImageGeneration
from tests.reliability.load_client import PatientApi
from tests.reliability.load_processes import ServerProcess
from tests.reliability.load_scene import (
    assert_books_are_right,
    assert_no_server_error,
    charges,
    counted,
    make_small_model,
    wait_until_all_ended,
)
from tests.reliability.load_switch import long_or_short, only_when_on, report

pytestmark = only_when_on

SUBMITS, CAP = long_or_short((2000, 200), (250, 25))
AT_ONCE = 4
CLIENTS = 50
WARM_UP = 40
MOST_GROWTH_MB = 50


def test_it_takes_as_many_as_there_is_room_and_does_not_grow(
    transactional_db, upstream, ai_manager, token_of, tmp_path
):
    options = {"JOB_QUEUE_CAP": str(CAP), "JOBS_AT_ONCE": str(AT_ONCE)}
    with ServerProcess(tmp_path, **options) as server, ThreadPoolExecutor(CLIENTS) as clients:
        api = PatientApi(server, token_of(ai_manager), make_small_model(upstream))

        def submit(count: int):
            return list(clients.map(lambda _: api.generate(wait=False), range(count)))

        warm = sum(answer.status < 300 for answer in submit(WARM_UP))
        wait_until_all_ended(60)
        with upstream.hold(), Memory(server) as memory:
            answers = submit(SUBMITS)
            by_status = {status: jobs_in(status) for status in (GenerationStatus.QUEUED, GenerationStatus.RUNNING)}
        wait_until_all_ended(120)
        assert_no_server_error([server])

    assert by_status == {GenerationStatus.QUEUED: CAP, GenerationStatus.RUNNING: AT_ONCE}
    accepted = CAP + AT_ONCE
    assert counted(answers) == {(202, "job_accepted"): accepted, (429, "queue_full"): SUBMITS - accepted}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 429)
    assert memory.growth_mb < MOST_GROWTH_MB
    wanted = warm + accepted
    assert (upstream.paid_calls, charges(), jobs_in(GenerationStatus.SUCCEEDED)) == (wanted, wanted, wanted)
    assert_books_are_right()
    report("queue_cap", submits=SUBMITS, cap=CAP, accepted=accepted, rss_growth_mb=round(memory.growth_mb, 1))


def jobs_in(status: GenerationStatus) -> int:
    return ImageGeneration.objects.filter(status=status).count()


class Memory:
    """How far a server's resident memory rises above where it was; measured all the while in a thread of its own."""

    STEP_S = 0.05

    def __init__(self, server: ServerProcess):
        self._server, self._is_over = server, threading.Event()

    def __enter__(self) -> "Memory":
        self._first = self._most = self._server.rss_bytes
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def growth_mb(self) -> float:
        return (self._most - self._first) / 1_000_000

    def _watch(self) -> None:
        while not self._is_over.is_set():
            self._most = max(self._most, self._server.rss_bytes)
            time.sleep(self.STEP_S)
