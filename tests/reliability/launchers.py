"""Two ways to start a process of ours: as the docs say, and, where many are started, from one that is loaded."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psutil
from django.conf import settings


class Launcher(Protocol):
    def start(self, module: str, arguments: Sequence[str], log: Path) -> psutil.Process:
        """`python -m module arguments`, as the head of a group of its own."""

    def end(self) -> None: ...


class ByItself:
    def __init__(self, environ: Mapping[str, str]):
        self._environ = environ

    def start(self, module: str, arguments: Sequence[str], log: Path) -> psutil.Process:
        with log.open("ab") as output:
            return psutil.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=settings.BASE_DIR,
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def end(self) -> None:
        pass


class FromNursery:
    def __init__(self, environ: Mapping[str, str]):
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.nursery"],
            cwd=settings.BASE_DIR,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, module: str, arguments: Sequence[str], log: Path) -> psutil.Process:
        assert self._nursery.stdin and self._nursery.stdout
        self._nursery.stdin.write(json.dumps({"module": module, "arguments": list(arguments), "log": str(log)}) + "\n")
        self._nursery.stdin.flush()
        return psutil.Process(int(self._nursery.stdout.readline()))

    def end(self) -> None:
        self._nursery.communicate(timeout=20)
