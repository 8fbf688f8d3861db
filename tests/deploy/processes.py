"""A command that keeps running, as a process of its own with a log."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from django.conf import settings

STEP_S = 0.05


class Running:
    """`start` may be called again once it has ended; `log` is what all its lives have written."""

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str], folder: Path):
        self.name = name
        self._command, self._environ = list(command), dict(environ)
        self._log_file = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=settings.BASE_DIR,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    def terminate(self) -> None:
        """SIGTERM to it alone, as with systemd's KillMode=mixed."""
        self.process.terminate()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def has_ended(self, within_s: float) -> bool:
        """By itself or by the SIGTERM that it was sent, which uvicorn passes on to itself last. Raises
        TimeoutExpired."""
        return self.process.wait(within_s) in (0, -signal.SIGTERM)

    def kill(self) -> None:
        """With all that it started; returns once it is gone."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def connections_to(self, port: int) -> int:
        found = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(each.raddr.port == port for each in found if each.raddr and each.status == psutil.CONN_ESTABLISHED)


def until(holds: Callable[[], object], within_s: float, what: str) -> None:
    """Return once it holds; raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s} s: {what}")
        time.sleep(STEP_S)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
