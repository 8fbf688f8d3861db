"""A process of ours that is killed, frozen and started again; each life is the head of a group of its own."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.reliability.launchers import Launcher

STEP_S = 0.02


def until(holds: Callable[[], object], within_s: float, what: str) -> None:
    """Return once it holds; raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s} s: {what}")
        time.sleep(STEP_S)


class Victim:
    """The output of all its lives goes to `log_file`."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], log_file: Path):
        self.name, self.log_file = name, log_file
        self._module, self._arguments = module, arguments
        self._process: psutil.Process | None = None
        self._groups: list[int] = []

    def start(self, launcher: Launcher) -> None:
        self._process = launcher.start(self._module, self._arguments, self.log_file)
        self._groups.append(self._process.pid)

    @property
    def pid(self) -> int:
        return self._groups[-1]

    @property
    def is_alive(self) -> bool:
        if self._process is None:
            return False
        try:
            self._process.wait(0)
        except psutil.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """SIGKILL; returns once it is gone."""
        assert self._process is not None
        with suppress(psutil.NoSuchProcess):
            self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @property
    def is_frozen(self) -> bool:
        return self.is_alive and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    @property
    def outlived(self) -> list[int]:
        """The groups of ended lives in which a process still runs."""
        ended = self._groups[:-1] if self.is_alive else self._groups
        return [group for group in ended if _has_members(group)]

    def end(self) -> None:
        """All that it started, too."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
