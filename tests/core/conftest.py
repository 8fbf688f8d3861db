"""A keyring of the test's own, and the log as it is written."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from src.core.keyring import Keyring, write_keyring


@pytest.fixture
def keyring_file(tmp_path: Path, settings) -> Path:
    """A new keyring, in use."""
    settings.KEYRING_FILE = tmp_path / "keys" / "keyring.json"
    write_keyring(settings.KEYRING_FILE, Keyring.new())
    return settings.KEYRING_FILE


@pytest.fixture
def log_lines() -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """`log_lines()` gives the lines written so far, as the server's own formatter writes them, each read as JSON.

    `log_lines(event="request")` gives those of one event.
    """
    root = logging.getLogger()
    own = next(h for h in root.handlers if isinstance(h.formatter, structlog.stdlib.ProcessorFormatter))
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(own.formatter)
    root.addHandler(handler)

    def read(event: str | None = None) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in written.getvalue().splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    yield read
    root.removeHandler(handler)
