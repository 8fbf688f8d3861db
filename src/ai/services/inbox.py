"""The inbox: paid answers as they came, an edit's pictures, previews, pictures not saved, and the quarantine."""

from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from src.ai.services.inbox_answers import read_answer, write_answer
from src.ai.services.inbox_paths import (
    QUARANTINE,
    call_path,
    fetched_path,
    input_path,
    preview_path,
    quarantine_path,
    result_path,
)
from src.ai.services.inbox_store import inbox_store, upload_kept
from src.ai.services.inbox_sweep import QUARANTINE_LIFETIME, RESULT_LIFETIME, sweep_inbox

__all__ = [
    "QUARANTINE",
    "QUARANTINE_LIFETIME",
    "RESULT_LIFETIME",
    "call_path",
    "full_path",
    "input_path",
    "is_in_inbox",
    "move_to_quarantine",
    "open_in_inbox",
    "preview_path",
    "read_answer",
    "read_from_inbox",
    "remove_from_inbox",
    "result_path",
    "sweep_inbox",
    "take_from_quarantine",
    "upload_kept",
    "write_answer",
    "write_to_inbox",
    "write_to_quarantine",
]


def full_path(relative: str) -> Path:
    """Where it lies on this machine, if the inbox is here."""
    return Path(settings.INBOX_DIR) / relative


def write_to_inbox(path: str, content: bytes) -> None:
    """Durable when this returns. Raises OSError."""
    inbox_store().write(path, content)


def read_from_inbox(path: str) -> bytes | None:
    """None if it has been swept. Raises OSError."""
    return inbox_store().read(path)


def open_in_inbox(path: str) -> BinaryIO:
    """To be closed by the caller. Raises FileNotFoundError if it has been swept, OSError."""
    return inbox_store().open(path)


def is_in_inbox(path: str) -> bool:
    """Raises OSError."""
    return inbox_store().exists(path)


def remove_from_inbox(path: str) -> None:
    """Raises OSError."""
    inbox_store().remove(path)


def move_to_quarantine(path: str) -> None:
    """A paid answer without an acceptable picture: kept for `QUARANTINE_LIFETIME`, never rendered or served. Raises
    OSError."""
    inbox_store().move(path, quarantine_path(path))


def take_from_quarantine(path: str) -> bool:
    """Back into the inbox, where `path` is; False if quarantine does not hold it. Raises OSError."""
    return inbox_store().move(quarantine_path(path), path)


def write_to_quarantine(generation_id: UUID, index: int, content: bytes) -> None:
    """A picture that was fetched by its link, so that no stored answer holds its bytes. Raises OSError."""
    inbox_store().write(quarantine_path(fetched_path(generation_id, index)), content)
