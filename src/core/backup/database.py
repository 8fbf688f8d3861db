"""The database as one file and back: SQLite by its online backup, PostgreSQL by its own tools."""

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from src.core.backup import BackupRefused

MEMBERS = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
ENVIRONMENT = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}


def dump_database(target: Path) -> None:
    """A consistent state, while others go on writing. Raises BackupRefused."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(_sqlite_path())) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        return
    _run_tool("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def load_database(dump: Path) -> None:
    """Replace what the database holds, whole or not at all. Raises BackupRefused."""
    if connection.vendor == "sqlite":
        connection.close()
        with closing(sqlite3.connect(dump)) as source, closing(sqlite3.connect(_sqlite_path(), timeout=20)) as target:
            source.backup(target)
        return
    connection.close()
    database = f"--dbname={connection.settings_dict['NAME']}"
    options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    _run_tool("pg_restore", *options, database, str(dump))


def require_sound(dump: Path, vendor: str) -> None:
    """Raises BackupRefused for a dump that does not fit this database or is damaged."""
    if vendor != connection.vendor:
        raise BackupRefused(f"This is a backup of {vendor}; DATABASE_URL names {connection.vendor}.")
    if vendor == "postgresql":
        _run_tool("pg_restore", "--list", str(dump))
        return
    try:
        with closing(sqlite3.connect(dump)) as copy:
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        raise BackupRefused("The dump is no SQLite database.") from exc
    if verdict != "ok":
        raise BackupRefused("The dump is damaged: SQLite's integrity check fails.")


def holds_rows(table: Any) -> bool:
    """False also where the table is not there yet."""
    if table._meta.db_table not in connection.introspection.table_names():
        return False
    return table._default_manager.exists()


def _sqlite_path() -> str:
    return str(connection.settings_dict["NAME"])


def _run_tool(name: str, *arguments: str) -> None:
    program = _require_tool(name)
    done = subprocess.run(  # noqa: S603 (our own arguments; the password goes by the environment)
        [program, *arguments], env={**os.environ, **_environment()}, capture_output=True, text=True
    )
    if done.returncode:
        raise BackupRefused(f"{name} failed: {done.stderr.strip()[-2000:]}")


def _environment() -> dict[str, str]:
    options = connection.settings_dict["OPTIONS"]
    values = {variable: str(connection.settings_dict[name] or "") for name, variable in ENVIRONMENT.items()}
    values |= {f"PG{name.upper()}": str(options[name]) for name in ("sslmode", "sslrootcert") if name in options}
    return {variable: value for variable, value in values.items() if value}


def _require_tool(name: str) -> str:
    """Its path. Raises BackupRefused if it is missing, or older than the server, whose dumps it then cannot make."""
    program = shutil.which(name)
    if program is None:
        raise BackupRefused(f"{name} is not installed: install PostgreSQL's client programs (postgresql-client).")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"(\d+)", said)
    try:
        connection.ensure_connection()
    except DatabaseError as exc:
        raise BackupRefused("The database cannot be reached.") from exc
    server = connection.pg_version // 10_000  # type: ignore[attr-defined]
    if found is None or int(found[1]) < server:
        raise BackupRefused(f"{name} is version {found[1] if found else 'unknown'}, the server is {server}: update it.")
    return program
