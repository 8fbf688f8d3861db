"""An installation of its own: folders, database, queue, server and workers as processes, and the providers, which
outlive them."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import redis
from django.conf import settings

from src.core.starting_files import write_missing_secrets
from tests.reliability.client import BROKEN, Client, Submission
from tests.reliability.facts import Facts, Prepared, Standing
from tests.reliability.launchers import ByItself, FromNursery, Launcher
from tests.reliability.processes import Victim, until
from tests.reliability.switches import IS_SOAK, note_figures
from tests.reliability.upstream import NumberedUpstream

START_S = 60.0
ENDS_WITHIN_S = 60.0
"""Every job has ended, or is known to be unclear, so long after the last process came back."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
SERVER = ("config.asgi:application", "--host", "127.0.0.1", "--no-access-log", "--no-server-header")
WORKER = ("-A", "config.celery", "--quiet", "worker", "--without-gossip", "--without-mingle", "--without-heartbeat")
QUICK = {"JOB_LEASE_S": "2", "JOB_POLL_S": "0.3", "JOB_REPAIR_S": "0.9"}
"""Against 20, 5 and 15 seconds."""


def plain_environ() -> dict[str, str]:
    """What is not a setting of the tests' own."""
    return {name: value for name, value in os.environ.items() if name in PASSED_ON}


class World:
    """`redis_url` makes it a server and `workers` workers; without, the server runs the jobs itself."""

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str,
        redis_url: str = "",
        workers: int = 2,
        **environ: str,
    ):
        self.folder, self.upstream = folder, NumberedUpstream()
        self.faults_file = folder / "faults.json"
        self.inbox = folder / "inbox"
        self._redis_url = redis_url
        self._port = _free_port()
        self.environ = plain_environ() | {
            "NEGAREH_VAR_DIR": str(folder),
            "NEGAREH_FAULTS_FILE": str(self.faults_file),
            "SECRET_KEY": "only for tests",
            "DATABASE_URL": database_url,
            "PROVIDER_TIMEOUT_S": "10",
            "DRAIN_TIMEOUT_S": "5",
            "PICTURE_PROCESSES": "1",
            **(({"REDIS_URL": redis_url, "JOB_RUNNER": "celery"}) if redis_url else {}),
            **environ,
        }
        self.web = Victim("web", "uvicorn", [*SERVER, "--port", str(self._port)], folder / "web.log")
        self.workers = [
            Victim(f"worker-{number}", "celery", WORKER, folder / f"worker-{number}.log")
            for number in range(workers if redis_url else 0)
        ]

    @property
    def place(self) -> tuple[str, str]:
        """Its database's kind, and what runs its jobs."""
        return self.environ["DATABASE_URL"].partition(":")[0], self.environ.get("JOB_RUNNER", "embedded")

    def note_figures(self, name: str, **figures: Any) -> None:
        kind, runner = self.place
        note_figures(name, database=kind, runner=runner, **figures)

    @property
    def victims(self) -> list[Victim]:
        return [self.web, *self.workers]

    def __enter__(self) -> "World":
        self.folder.mkdir(parents=True, exist_ok=True)
        _write_keyring(self.folder)
        self.disarm()
        self.upstream.__enter__()
        if self._redis_url:
            self.empty_queue()
        self._inspector = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.inspector"],
            cwd=settings.BASE_DIR,
            env=self.environ | {"NEGAREH_FAULTS_FILE": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._launcher: Launcher = ByItself(self.environ) if IS_SOAK else FromNursery(self.environ)
        try:
            prepared = msgspec.convert(self.inspect("prepare", upstream=self.upstream.url), Prepared)
            self.client = Client(self._port, prepared.token, prepared.models)
            self.start_missing()
            until(self._answers, START_S, "the server answers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for victim in self.victims:
            victim.end()
        if hasattr(self, "client"):
            self.client.wait_for_answers()
        self._launcher.end()
        self._inspector.communicate(timeout=20)
        self.upstream.__exit__(None, None, None)
        if self._redis_url:
            self.empty_queue()

    def start_missing(self) -> list[Victim]:
        """Start what does not run; returns at once, with what was started."""
        missing = [victim for victim in self.victims if not victim.is_alive]
        for victim in missing:
            victim.start(self._launcher)
        return missing

    def arm(self, **faults: Mapping[str, Any]) -> None:
        draft = self.faults_file.with_suffix(".new")
        draft.write_text(json.dumps(faults))
        draft.rename(self.faults_file)

    def disarm(self) -> None:
        self.arm()

    def empty_queue(self) -> None:
        with redis.Redis.from_url(self._redis_url) as client:
            client.flushdb()

    def inspect(self, command: str, **facts: Any) -> Any:
        assert self._inspector.stdin and self._inspector.stdout
        self._inspector.stdin.write(json.dumps({"do": command, **facts}) + "\n")
        self._inspector.stdin.flush()
        answer = self._inspector.stdout.readline()
        if not answer:
            raise RuntimeError(f"the inspector ended at {command}")
        return json.loads(answer)

    def facts(self) -> Facts:
        return msgspec.convert(self.inspect("facts"), Facts)

    def queue_length(self) -> int:
        with redis.Redis.from_url(self._redis_url) as client:
            return client.llen("negareh:jobs")

    def job(self, submission: Submission) -> Standing:
        return msgspec.convert(self.inspect("look", job=submission.job_id), Standing)

    def wait_for_status(self, submission: Submission, *statuses: str, within_s: float = ENDS_WITHIN_S) -> Standing:
        """Raises TimeoutError."""
        until(lambda: self.job(submission).status in statuses, within_s, f"{statuses} (logs in {self.folder})")
        return self.job(submission)

    def wait_until_settled(self, within_s: float = ENDS_WITHIN_S) -> None:
        """Raises TimeoutError."""
        until(lambda: self.inspect("unsettled") == 0, within_s, f"every job has ended (logs in {self.folder})")

    def _answers(self) -> bool:
        try:
            return self.client.ask("GET", "/api/ai/admin/jobs/")[0] == 200
        except BROKEN:
            return False


def _write_keyring(folder: Path) -> None:
    """That of the tests does for all worlds."""
    write_missing_secrets()
    (folder / settings.KEYRING_FILE.name).write_bytes(settings.KEYRING_FILE.read_bytes())
    (folder / settings.KEYRING_FILE.name).chmod(0o600)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
