"""Work in processes of their own, where it may hang, crash or run out of memory without harm to the server.

ChildFailure
├── TookTooLong     ├── Crashed: the task itself ended its process
├── OutOfMemory     └── Unfinished: ended from outside; the task is not to blame
"""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from threading import Lock
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from src.core.child_start import limit_this_process

T = TypeVar("T")

TASKS_PER_CHILD = 100
FAILURES = (TimeoutError, MemoryError, ProcessExpired, BrokenProcessPool)
ENDED_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)


class ChildFailure(Exception):
    """A task in a child process did not come to its end."""


class TookTooLong(ChildFailure):
    pass


class OutOfMemory(ChildFailure):
    pass


class Crashed(ChildFailure):
    pass


class Unfinished(ChildFailure):
    pass


class ChildProcesses:
    """A few processes, started with the first task, that run functions of modules without Django.

    What a function raises is raised to the caller, and must be picklable. A process is killed when its task takes
    longer than `timeout_s` (waiting for a free process does not count) and replaced after `TASKS_PER_CHILD` tasks,
    so that memory goes back.
    """

    def __init__(self, *, processes: int, timeout_s: float, memory_bytes: int):
        self._processes, self._timeout_s, self._memory_bytes = processes, timeout_s, memory_bytes
        self._pool: ProcessPool | None = None
        self._lock = Lock()
        self._stops = 0
        self._pending: set[Future[Any]] = set()

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Holds no thread while it waits; a caller that is cancelled ends the task. Raises ChildFailure."""
        stops = self._stops
        try:
            try:
                return await asyncio.wrap_future(self._begin(function, args))
            except BrokenProcessPool:
                self._require_running_since(stops)
                return await asyncio.wrap_future(self._begin(function, args))
        except FAILURES as exc:
            raise _as_failure(exc) from exc

    def run_and_wait(self, function: Callable[..., T], *args: Any) -> T:
        """For code without an event loop. Raises ChildFailure."""
        stops = self._stops
        try:
            try:
                return self._begin(function, args).result()
            except BrokenProcessPool:
                self._require_running_since(stops)
                return self._begin(function, args).result()
        except FAILURES as exc:
            raise _as_failure(exc) from exc

    def _begin(self, function: Callable[..., T], args: tuple[Any, ...]) -> Future[T]:
        with self._lock:
            if self._pool is not None and not self._pool.active:
                # Killing an idle process breaks the pool for all: those who were innocent of it try again.
                self._close(self._pool, BrokenProcessPool())
                self._pool = None
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._processes,
                    max_tasks=TASKS_PER_CHILD,
                    initializer=limit_this_process,
                    initargs=(self._memory_bytes,),
                    context=get_context("spawn"),
                )
            future = self._pool.schedule(function, args=args, timeout=self._timeout_s)
            self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    def _require_running_since(self, stops: int) -> None:
        """A pool that breaks because it is stopped is no reason to start another."""
        if self._stops != stops:
            raise Unfinished

    def stop(self) -> None:
        """End the processes; tasks under way raise Unfinished. The next task starts new ones."""
        with self._lock:
            self._stops += 1
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.stop()
                self._close(pool, Unfinished())

    def _close(self, pool: ProcessPool, reason: Exception) -> None:
        pool.join()
        # Pebble leaves the futures of a stopped pool open for ever.
        for future in list(self._pending):
            with suppress(InvalidStateError):
                future.set_exception(reason)


def _as_failure(exc: BaseException) -> ChildFailure:
    if isinstance(exc, TimeoutError):
        return TookTooLong()
    if isinstance(exc, MemoryError):
        return OutOfMemory()
    if isinstance(exc, ProcessExpired) and exc.exitcode not in ENDED_FROM_OUTSIDE:
        return Crashed()
    return Unfinished()
