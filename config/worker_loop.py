"""The event loop of a worker process, in a thread of its own: the jobs run there, Celery's threads wait for them."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
import uvloop
from django.conf import settings

from src.ai.services.job_runner import keep_running
from src.core import background, notices
from src.media.services.picture_processes import PROCESSES
from src.media.services.renditions import QUEUE

log = structlog.get_logger("negareh.worker")

T = TypeVar("T")
MARGIN_S = 5.0
"""What ending the loop may take besides the draining."""


class WorkerLoop:
    """Started once; ends with `stop`. What still runs DRAIN_TIMEOUT_S after `begin_draining` is given up."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._started: concurrent.futures.Future[asyncio.AbstractEventLoop] = concurrent.futures.Future()
        self._given_up: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._drains_until = float("inf")
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Returns once the loop runs."""
        self._thread = threading.Thread(target=self._run, name="worker-loop", daemon=True)
        self._thread.start()
        self._started.result()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Run `work` in the loop; from any other thread. None if it was given up.

        Raises what `work` raises, and RuntimeError in a process whose loop was not started.
        """
        if not self._started.done():
            work.close()
            raise RuntimeError("this process runs no jobs")
        future = asyncio.run_coroutine_threadsafe(work, self._started.result())
        ends: list[concurrent.futures.Future[Any]] = [future, self._given_up]
        concurrent.futures.wait(ends, return_when=concurrent.futures.FIRST_COMPLETED)
        return future.result() if future.done() else None

    def begin_draining(self) -> None:
        """Nothing that takes long begins any more; returns at once, fit for a signal handler."""
        if self._started.done():
            loop = self._started.result()
            loop.call_soon_threadsafe(self._begin_draining, loop)

    def stop(self) -> None:
        """Returns when what was running has ended or was given up."""
        if self._thread is not None:
            loop = self._started.result()
            self.begin_draining()
            loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(settings.DRAIN_TIMEOUT_S + MARGIN_S)

    def _begin_draining(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._drains_until == float("inf"):
            self._drains_until = loop.time() + settings.DRAIN_TIMEOUT_S
            loop.call_at(self._drains_until, self._given_up.set_result, None)
            background.begin_draining(loop)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._live())
        except BaseException as exc:
            if not self._started.done():
                self._started.set_exception(exc)
            raise

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        QUEUE.open()
        rounds = [asyncio.create_task(each) for each in (keep_running(), notices.listen())]
        for task in rounds:
            task.add_done_callback(_report)
        self._started.set_result(loop)
        log.info("worker_started")
        await self._stopping.wait()
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        QUEUE.close()
        unfinished = await background.drain(max(0.0, self._drains_until - loop.time()))
        log.info("worker_stopped", unfinished=unfinished)
        await asyncio.to_thread(PROCESSES.stop)


def _report(task: asyncio.Task[None]) -> None:
    """A round ends when it is cancelled, and else never."""
    if not task.cancelled():
        log.error("round_ended", exc_info=task.exception())


LOOP = WorkerLoop()
"""That of this process."""
