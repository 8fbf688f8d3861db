"""Work that a client's connection cannot cancel: started here, finished before the process stops."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from weakref import WeakSet

import structlog

from src.core import db, notices
from src.core.errors import AppError

log = structlog.get_logger("negareh.background")

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()
# A loop that drains does so to its end.
_draining: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


async def finish_regardless(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` in a task of its own: if the awaiting request is cancelled, the work goes on."""
    return await asyncio.shield(begin(work))


def begin(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start `work` in a task of its own, which `drain` waits for."""
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_forget)
    return task


def _forget(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        # Read, so that asyncio does not report it as never retrieved when the client has gone.
        error = task.exception()
        if isinstance(error, AppError):
            log.info("background_work_ended_with_error", error=type(error).__name__)
        else:
            log.error("background_work_ended_with_error", error=type(error).__name__, exc_info=error)


def in_flight() -> int:
    return len(_running)


def is_draining() -> bool:
    """Whether this event loop waits for its end, and nothing that takes long should begin."""
    return asyncio.get_running_loop() in _draining


def begin_draining(loop: asyncio.AbstractEventLoop) -> None:
    """From now on nothing that takes long begins in `loop`, and whoever only waits there stops; `drain` ends it."""
    _draining.add(loop)
    notices.tell_all()


async def drain(timeout_s: float) -> int:
    """Wait for what is running in this event loop; returns how many did not finish in time."""
    loop = asyncio.get_running_loop()
    _draining.add(loop)
    return await _wait_until_done(loop, timeout_s)


async def _wait_until_done(loop: asyncio.AbstractEventLoop, timeout_s: float) -> int:
    deadline = loop.time() + timeout_s
    # What is waited for may begin further work.
    while (
        waiting := {task for task in _running if task.get_loop() is loop and not task.done()}
    ) and loop.time() < deadline:
        log.info("draining", in_flight=len(waiting), timeout_s=timeout_s)
        await asyncio.wait(waiting, timeout=deadline - loop.time())
    return len(waiting)


async def repeat(step: Callable[[], Any], *, every_s: float) -> None:
    """Run a database step now and again every so often, until cancelled; a failure is logged and waited out."""
    while True:
        try:
            await db.run(step)
        except Exception as exc:  # noqa: BLE001 (whatever it was, the next round is due all the same)
            log.error("repeated_step_failed", step=step.__name__, exc_info=exc)
        await asyncio.sleep(every_s)
