"""What docs/deploy.md sets up, set up by its own commands: a database, folders, web processes and workers."""

import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from django.conf import settings
from psycopg import sql

from tests.deploy.document import all_blocks, blocks
from tests.deploy.processes import Running, free_port, is_open, until

POSTGRES_URL = url if (url := os.environ.get("DATABASE_URL", "")).startswith("postgres") else ""
REDIS_URL = os.environ.get("REDIS_URL", "")
REDIS_NUMBER = 9
PASSED_ON = ("HOME", "LANG", "LC_ALL", "TMPDIR")
QUICK = {"JOB_LEASE_S": "3", "JOB_POLL_S": "0.5", "PROVIDER_TIMEOUT_S": "20", "PICTURE_PROCESSES": "1"}
"""Beside the document's environment: against 20, 5 and 300 seconds."""
TOKEN = re.compile(r"ngr_\w+")
LAST_OF_SET_UP = "/readyz"
START_S = 60.0


class Installation:
    """Use as a context manager: on leaving, its processes and its database are gone.

    Each process has a NEGAREH_VAR_DIR of its own, as if it had a machine of its own.
    """

    token: str

    def __init__(self, folder: Path):
        self.folder = folder
        self.web_ports = [free_port(), free_port()]
        self.s3_port = free_port()
        self.database = f"negareh_deploy_{secrets.token_hex(4)}"
        self.redis_url = urlunsplit(urlsplit(REDIS_URL)._replace(path=f"/{REDIS_NUMBER}"))
        self.names = self._names()
        self.s3 = Running("s3", self._s3_command(), self.environ, folder)
        self.processes: list[Running] = []
        self.ran: list[str] = []

    def __enter__(self) -> "Installation":
        try:
            self.empty_redis()
            self.s3.start()
            until(lambda: is_open(self.s3_port), START_S, "the bucket's server answers")
            self.token = TOKEN.findall(self._set_up())[0]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.processes, self.s3]:
            process.kill()
        self.empty_redis()
        with psycopg.connect(self.names["ADMIN"], autocommit=True) as server:
            name = sql.Identifier(self.database)
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))

    @property
    def web(self) -> list[Running]:
        return [process for process in self.processes if process.name.startswith("uvicorn")]

    @property
    def workers(self) -> list[Running]:
        return [process for process in self.processes if process.name.startswith("celery")]

    @property
    def web_urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.web_ports]

    def run(self, commands: str) -> str:
        """What they print. Raises CalledProcessError, with what they complained of as a note."""
        self.ran.append(commands)
        script = f"set -euo pipefail\n{self._load_environment()}\n{commands}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=settings.BASE_DIR,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=180,
        )
        if done.returncode:
            error = subprocess.CalledProcessError(done.returncode, commands, done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done.stdout

    @property
    def environ(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**passed_on, **QUICK, **self.names, "PATH": path}

    def empty_redis(self) -> None:
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushdb()

    def messages_in_queue(self) -> int:
        with redis.Redis.from_url(self.redis_url) as client:
            return client.llen("negareh:jobs")

    def wait_until_ready(self, port: int) -> None:
        until(lambda: is_open(port), START_S, f"port {port} answers")
        self.run(f"curl -fsS --retry 30 --retry-delay 1 http://127.0.0.1:{port}/readyz")

    def left_in_inboxes(self) -> list[Path]:
        return [path for path in self.folder.glob("*/inbox/**/*") if path.is_file()]

    def commands_after_set_up(self) -> list[str]:
        texts = [block.text for block in blocks("bash")]
        last = next(number for number, text in enumerate(texts) if LAST_OF_SET_UP in text)
        return texts[last + 1 :]

    def _set_up(self) -> str:
        """Every block of the document, until the processes are ready."""
        printed = ""
        for block in all_blocks():
            if block.kind == "sh":
                self._start(block.text)
            if block.kind == "bash":
                printed += self.run(block.text)
                if LAST_OF_SET_UP in block.text:
                    return printed
        raise AssertionError("the document never waits for its processes")

    def _start(self, text: str) -> None:
        for line in text.splitlines():
            number = len(self.processes)
            name = f"{shlex.split(line)[0]}-{number}"
            own_folder = f"export NEGAREH_VAR_DIR={self.folder / name}"
            command = ["bash", "-c", f"{self._load_environment()}\n{own_folder}\nexec {line}"]
            process = Running(name, command, self.environ, self.folder)
            self.processes.append(process)
            process.start()

    def _load_environment(self) -> str:
        """The document's own line, once there is something to load."""
        if not (Path(self.names["ETC"]) / "negareh.env").exists():
            return ""
        return next(block.text for block in blocks("bash") if block.text.startswith("set -a"))

    def _names(self) -> Mapping[str, str]:
        """What the document asks to be set first, as it is on this machine."""
        server = urlsplit(POSTGRES_URL)
        return {
            "DOMAIN": "negareh.example.org",
            "PORT1": str(self.web_ports[0]),
            "PORT2": str(self.web_ports[1]),
            "ETC": str(self.folder / "etc"),
            "LIB": str(self.folder / "lib"),
            "BACKUPS": str(self.folder / "backups"),
            "ADMIN": urlunsplit(server._replace(path="/postgres")),
            "DB_HOST": server.netloc.rpartition("@")[2],
            "DATABASE": self.database,
            "REDIS": self.redis_url,
            "S3": f"http://127.0.0.1:{self.s3_port}",
            "BUCKET": "negareh",
            "S3_KEY": "key",
            "S3_SECRET": "secret",
        }

    def _s3_command(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.s3_port)]
