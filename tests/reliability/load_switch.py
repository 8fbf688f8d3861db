"""Whether the proofs under load run, in which form, and where their figures go.

NEGAREH_RELIABILITY=1 runs the short form, NEGAREH_SOAK=1 the long one. NEGAREH_SOAK_REPORT names a file to which each
proof adds one JSON line: {"name", "database", "form", "figures"}.
"""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import connection

T = TypeVar("T")
IS_LONG = os.environ.get("NEGAREH_SOAK") == "1"
IS_ON = IS_LONG or os.environ.get("NEGAREH_RELIABILITY") == "1"

only_when_on = pytest.mark.skipif(
    not IS_ON, reason="NEGAREH_RELIABILITY=1 switches it on, NEGAREH_SOAK=1 with the full numbers"
)


def long_or_short(in_long: T, in_short: T) -> T:
    return in_long if IS_LONG else in_short


def report(name: str, **figures: Any) -> None:
    line = {
        "name": name,
        "database": connection.vendor,
        "form": long_or_short("long", "short"),
        "figures": figures,
    }
    text = json.dumps(line)
    print(text)
    if path := os.environ.get("NEGAREH_SOAK_REPORT"):
        with Path(path).open("a") as file:
            file.write(text + "\n")
