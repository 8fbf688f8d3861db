"""What tests have child processes do. No Django here: the child would load it."""

import os
import signal
import sys
import time


def pid() -> int:
    return os.getpid()


def modules() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules} | {name for name in sys.modules if name.startswith("src")}


def environment() -> dict[str, str]:
    return dict(os.environ)


def niceness() -> int:
    return os.nice(0)


def allocate(count: int) -> int:
    return len(bytearray(count))


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def spin_deaf() -> None:
    """As a decoder deep in C: no signal handler of Python's gets a turn."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sum(range(10**12))


def end_by(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(5)


def fail() -> None:
    raise LookupError("of the task itself")
