"""Processes of ours on the test's database: servers as `make run` starts them, and commands that answer lines."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection

PATIENCE_S = 60.0
STEP_S = 0.05
SERVE = (
    *("-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1"),
    *("--no-access-log", "--no-server-header", "--log-level", "warning", "--timeout-graceful-shutdown", "30"),
)
SHORTENED = ("JOB_ATTEMPTS", "JOB_POLL_S", "JOB_LEASE_S", "DRAIN_TIMEOUT_S", "DB_CONN_MAX_AGE")
"""What tests/environment.py shortens, and a process here has as it is delivered."""


class ServerProcess:
    """A server in a process of its own; `options` are environment variables. Use as a context manager: leaving it is
    SIGKILL, if it still runs. `log` is all it has written."""

    def __init__(self, folder: Path, **options: str):
        self.url = ""
        self._log_path = folder / f"server-{len(list(folder.glob('server-*.log')))}.log"
        self._log_path.touch()
        self._options = options

    def __enter__(self) -> "ServerProcess":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Returns once it answers."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *SERVE, "--port", str(port)],
                env=environment_of_test(self._options),
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start: {self.log}")
            time.sleep(STEP_S)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float) -> int:
        """The exit status. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout_s)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def log(self) -> str:
        return self._log_path.read_text()

    @property
    def rss_bytes(self) -> int:
        return psutil.Process(self._process.pid).memory_info().rss

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


class LineProcess:
    """`python -m module`, which says `ready`, then answers each line of JSON with one. As a context manager."""

    def __init__(self, module: str, **options: str):
        self._module, self._options = module, options

    def __enter__(self) -> "LineProcess":
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            env=environment_of_test(self._options),
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def wait_until_ready(self) -> None:
        if self._read() != "ready":
            raise RuntimeError(f"{self._module} did not start")

    def send(self, order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def receive(self) -> Any:
        return json.loads(self._read())

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


def environment_of_test(options: Mapping[str, str]) -> dict[str, str]:
    """Database, secrets and folders of the running test; everything else as it is delivered."""
    kept = {name: value for name, value in os.environ.items() if name not in SHORTENED}
    return {
        **kept,
        "DATABASE_URL": _database_url(),
        "MEDIA_DIR": str(settings.MEDIA_ROOT),
        "INBOX_DIR": str(settings.INBOX_DIR),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROVIDER_TIMEOUT_S": "120",
        **options,
    }


def _database_url() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    person = quote(found["USER"]) + (f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else "")
    return f"postgres://{person}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


def free_port() -> int:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return reserved.getsockname()[1]
