"""Where the inbox is: a folder on this machine, or a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.files.storage import storages

from src.ai.services.inbox_local import InboxFolder, LocalInbox
from src.ai.services.inbox_s3 import S3Inbox


class InboxStore(Protocol):
    """Paths are those of `inbox_paths`. Any of these raises OSError where the place fails."""

    def write(self, path: str, content: bytes) -> None:
        """All of it or nothing, durable when this returns; what was there is replaced."""

    def read(self, path: str) -> bytes | None:
        """None if it is not there."""

    def open(self, path: str) -> BinaryIO:
        """To be closed by the caller. Raises FileNotFoundError."""

    def exists(self, path: str) -> bool: ...

    def remove(self, path: str) -> None:
        """No error if it is not there."""

    def move(self, path: str, target: str) -> bool:
        """False if it is not there."""

    def folders(self) -> Iterator[InboxFolder]: ...


def inbox_store() -> InboxStore:
    local = LocalInbox(Path(settings.INBOX_DIR))
    return S3Inbox(storages["inbox"], local) if "inbox" in settings.STORAGES else local


def upload_kept() -> int:
    """Put into the bucket what it did not take before and this machine keeps; returns how many files it took. Raises
    OSError."""
    store = inbox_store()
    return store.upload_kept() if isinstance(store, S3Inbox) else 0
