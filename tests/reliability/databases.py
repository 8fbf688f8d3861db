"""Fresh databases for worlds: a migrated one is made once for each kind, and copied."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from psycopg import sql

POSTGRES_URL = url if (url := os.environ.get("DATABASE_URL", "")).startswith("postgres") else ""
REDIS_URL = os.environ.get("NEGAREH_RELIABILITY_REDIS_URL") or os.environ.get("REDIS_URL", "")
"""The first of them gives workers to the suite that runs on SQLite, whose own tests use no Redis."""
KIND = "postgres" if POSTGRES_URL else "sqlite"
"""What worlds of this run have: as the suite, once on each."""
REDIS_NUMBERS = {"sqlite": (10, 11, 12), "postgres": (13, 14, 15)}


class Databases:
    """`new(kind)` gives the URL of an empty, migrated database; all are dropped with `drop`."""

    def __init__(self, folder: Path, environ: Mapping[str, str]):
        self._folder, self._environ = folder, environ
        self._templates: dict[str, str] = {}
        self._names: list[str] = []

    def new(self, kind: str) -> str:
        if kind not in self._templates:
            self._templates[kind] = self._make_template(kind)
        template = self._templates[kind]
        if kind == "sqlite":
            copy = self._folder / f"{secrets.token_hex(4)}.sqlite3"
            shutil.copy(template, copy)
            return f"sqlite:///{copy}"
        return self._create(template)

    def _make_template(self, kind: str) -> str:
        if kind == "sqlite":
            path = self._folder / "template.sqlite3"
            self._migrate(f"sqlite:///{path}")
            return str(path)
        url = self._create(None)
        self._migrate(url)
        return urlsplit(url).path[1:]

    def _migrate(self, url: str) -> None:
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        environ = {**self._environ, "DATABASE_URL": url, "NEGAREH_VAR_DIR": str(self._folder)}
        subprocess.run(command, cwd=settings.BASE_DIR, env=environ, check=True, timeout=180)

    def _create(self, template: str | None) -> str:
        name = f"negareh_reliability_{secrets.token_hex(4)}"
        source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        with _connected() as server:
            server.execute(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), source))
        self._names.append(name)
        return urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{name}"))

    def drop(self) -> None:
        if self._names:
            with _connected() as server:
                for name in self._names:
                    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _connected() -> Iterator[psycopg.Connection]:
    """To the server's own database; the one of the tests need not be there yet."""
    url = urlunsplit(urlsplit(POSTGRES_URL)._replace(path="/postgres"))
    with psycopg.connect(url, autocommit=True) as server:
        yield server


_turns = count()


def next_redis_url() -> str:
    """A database of its own on the Redis of the tests."""
    numbers = REDIS_NUMBERS[KIND]
    return urlunsplit(urlsplit(REDIS_URL)._replace(path=f"/{numbers[next(_turns) % len(numbers)]}"))
