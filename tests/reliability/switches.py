"""What the environment asks of these tests: whether they run, how long, from which seed, and where figures go."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

IS_SOAK = os.environ.get("NEGAREH_SOAK") == "1"
IS_ON = IS_SOAK or os.environ.get("NEGAREH_RELIABILITY") == "1"
KILLS = int(os.environ.get("KILLS", "1000" if IS_SOAK else "60"))
"""Over the whole matrix."""
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
REPORT = os.environ.get("NEGAREH_SOAK_REPORT", "")

switched_on = pytest.mark.skipif(not IS_ON, reason="NEGAREH_RELIABILITY=1 switches it on")


def note_figures(name: str, *, database: str, **figures: Any) -> None:
    """One line of JSON for the report; printed, too."""
    line = json.dumps({"name": name, "database": database, "form": "long" if IS_SOAK else "short", "figures": figures})
    if REPORT:
        with Path(REPORT).open("a") as report:
            report.write(line + "\n")
    print(line)
