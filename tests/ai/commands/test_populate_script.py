"""The populate script as the mission names it, on a fresh folder without a keyring."""

from pathlib import Path

import pytest
from django.conf import settings

SCRIPT = Path(settings.BASE_DIR) / "scripts" / "populate_ai_providers.py"
COUNTS = "AIProvider.objects.count(), AIModel.objects.count()"


@pytest.fixture(scope="module")
def outputs(installation) -> list[str]:
    """Two runs, after migrate."""
    installation.run("migrate", "-v0")
    return [installation.run("shell", typed=SCRIPT.read_text()) for _ in range(2)]


def test_it_fills_the_database(installation, outputs):
    assert "created 67, updated 0, unchanged 0" in outputs[0]
    assert installation.ask(COUNTS) == "8 59"


def test_it_may_be_run_again(outputs):
    assert "created 0, updated 0, unchanged 67" in outputs[1]


def test_it_needs_no_keyring(installation, outputs):
    assert not list(installation.folder.glob("keyring*"))
