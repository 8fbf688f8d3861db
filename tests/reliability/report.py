"""docs/reliability.md, from the lines of JSON that the tests have written."""

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

HEAD = """# What failures cost

Made by `make soak` on {date}, of commit {commit}, on {machine}. Each row is a test that held: had a promise been
broken, the test would have failed, and this page would not have been written. What each test does is in
[tests/reliability](../tests/reliability).

The promises, after every kill, freeze and failing disk:

- every accepted job ends, or is known to be `unknown`, within 60 s of the restart;
- no call is sent a second time, and a call that the service was paid for is never booked as free;
- an answer that was received is in the library, or in the inbox where it was not to be saved;
- the ledger says for each job what the service's own log says; every counter is the sum of its entries.

`unknown` jobs are those whose call was sent, and whose process was killed before the answer was on the disk: nobody but
the service can tell whether they were charged. `files without asset` are pictures that were stored, and whose process
was killed before the library had their row; the picture was stored anew from the inbox.

| test | database | figures |
| --- | --- | --- |
"""


def write_report(lines: Iterable[Mapping[str, Any]], *, commit: str, machine: str, date: str) -> str:
    rows = [
        f"| {_words(line['name'])} | {line['database']} | {_told(line['figures'])} |\n"
        for line in sorted(lines, key=lambda line: (line["name"], line["database"]))
    ]
    return HEAD.format(date=date, commit=commit, machine=machine) + "".join(rows)


def _told(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{_words(name)} {_value(value)}" for name, value in figures.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{_words(str(name))} {count}" for name, count in value.items()) + ")"
    return str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def this_commit() -> str:
    """Short, with `+` where files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=settings.BASE_DIR, check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def this_machine() -> str:
    memory_gb = psutil.virtual_memory().total / 1024**3
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory_gb:.0f} GB, {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def today() -> str:
    return datetime.now(UTC).date().isoformat()
