"""Waiting for a paid call on the command line: how long it has taken, and Ctrl-C that does not cut it off."""

import asyncio
import signal
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

TERMINAL_STEP_S = 1.0
LOG_STEP_S = 10.0
INTERRUPTED = "The picture may be paid for already, so this waits for it. Ctrl-C again gives it up."


async def wait_for(work: Coroutine[Any, Any, T], *, notes: TextIO) -> T:
    """The result of `work`, with the seconds passed told on `notes`: in one line on a terminal, else now and then.

    The first Ctrl-C is answered and waited out; the second raises KeyboardInterrupt.
    """
    task = asyncio.ensure_future(work)
    clock = asyncio.ensure_future(_tell_time(notes))
    try:
        with _one_interrupt_waits(task, notes):
            return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        clock.cancel()
        if notes.isatty():
            notes.write("\r\x1b[K")


async def _tell_time(notes: TextIO) -> None:
    started = time.monotonic()
    step_s, begin, end = (TERMINAL_STEP_S, "\r", "") if notes.isatty() else (LOG_STEP_S, "", "\n")
    while True:
        await asyncio.sleep(step_s)
        notes.write(f"{begin}waiting for the service: {time.monotonic() - started:.0f} s{end}")
        notes.flush()


@contextmanager
def _one_interrupt_waits(task: asyncio.Future[Any], notes: TextIO) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    interrupts = 0

    def interrupt() -> None:
        nonlocal interrupts
        interrupts += 1
        if interrupts > 1:
            task.cancel()
        else:
            notes.write(f"\n{INTERRUPTED}\n")
            notes.flush()

    # Signals belong to the main thread of a Unix process; elsewhere Ctrl-C stays as it is.
    with suppress(ValueError, RuntimeError, NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        with suppress(ValueError, RuntimeError, NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
