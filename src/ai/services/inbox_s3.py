"""The inbox in a bucket, with the folder on this machine for what the bucket does not take."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from typing import Any, BinaryIO, cast

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile

from src.ai.services.inbox_local import InboxFolder, LocalInbox
from src.ai.services.inbox_paths import FOLDER

log = structlog.get_logger("negareh.inbox")


class S3Inbox:
    """`storage` is a MediaS3Storage that overwrites. The service's failures are OSErrors.

    A file is on this machine before it goes to the bucket and until it is there, so that neither a crash nor a service
    that is down loses it.
    """

    def __init__(self, storage: Any, local: LocalInbox):
        self._storage = storage
        self._local = local

    def write(self, path: str, content: bytes) -> None:
        """Durable when this returns: in the bucket, or here. Raises OSError if neither takes it."""
        failure = self._keep_locally(path, content)
        try:
            self._storage.save(path, ContentFile(content))
        except OSError as exc:
            if failure is not None:
                raise
            log.error("inbox_kept_locally", path=path, exc_info=exc)
            return
        # What stays here in spite of it goes to the bucket once more, with `upload_kept`.
        with suppress(OSError):
            self._local.remove(path)

    def _keep_locally(self, path: str, content: bytes) -> OSError | None:
        """A full disk here is no reason not to try the bucket."""
        try:
            self._local.write(path, content)
        except OSError as exc:
            return exc
        return None

    def read(self, path: str) -> bytes | None:
        try:
            with self.open(path) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def open(self, path: str) -> BinaryIO:
        """The whole file, to be closed by the caller. Raises FileNotFoundError, OSError."""
        try:
            return cast(BinaryIO, self._storage.open(path))
        except OSError as exc:
            # The name of an exception does not outlive its clause.
            failure = exc
        with suppress(FileNotFoundError):
            return self._local.open(path)
        if not isinstance(failure, FileNotFoundError):
            raise failure
        # It may have gone to the bucket between the two looks.
        return cast(BinaryIO, self._storage.open(path))

    def exists(self, path: str) -> bool:
        """Raises OSError."""
        try:
            is_there = self._storage.exists(path)
        except OSError:
            if self._local.exists(path):
                return True
            raise
        # Once more at the end, as in `open`.
        return is_there or self._local.exists(path) or self._storage.exists(path)

    def remove(self, path: str) -> None:
        """Raises OSError."""
        self._local.remove(path)
        self._storage.delete(path)

    def move(self, path: str, target: str) -> bool:
        """False if there is nothing to be moved. Raises OSError."""
        content = self.read(path)
        if content is None:
            return False
        self.write(target, content)
        self.remove(path)
        return True

    def folders(self) -> Iterator[InboxFolder]:
        """Those that hold something, in the bucket or here. Raises OSError."""
        here = {folder.path: folder for folder in self._local.folders()}
        for folder in self._stored_folders():
            yield _merged(folder, here.pop(folder.path, None))
        yield from here.values()

    def upload_kept(self) -> int:
        """Put into the bucket what lies on this machine; returns how many files. Raises OSError."""
        uploaded = 0
        for folder in self._local.folders():
            for path in folder.files:
                is_draft = path.rpartition("/")[2].startswith(".")
                content = None if is_draft else self._local.read(path)
                if content is not None:
                    self._storage.save(path, ContentFile(content))
                    self._local.remove(path)
                    uploaded += 1
        return uploaded

    def _stored_folders(self) -> Iterator[InboxFolder]:
        for path, group in groupby(self._stored_files(), key=lambda file: file[0].rpartition("/")[0]):
            files = list(group)
            if FOLDER.fullmatch(path):
                changed_at = max(moment for _path, moment in files)
                yield InboxFolder(path=path, changed_at=changed_at, files=tuple(name for name, _moment in files))

    def _stored_files(self) -> Iterator[tuple[str, datetime]]:
        """In the order of their paths."""
        prefix = f"{self._storage.location.strip('/')}/"
        try:
            for item in self._storage.bucket.objects.filter(Prefix=prefix):
                yield item.key.removeprefix(prefix), item.last_modified
        except (BotoCoreError, ClientError) as exc:
            raise OSError("the S3 service failed") from exc


def _merged(stored: InboxFolder, here: InboxFolder | None) -> InboxFolder:
    if here is None:
        return stored
    return InboxFolder(
        path=stored.path,
        changed_at=max(stored.changed_at, here.changed_at),
        files=tuple(sorted({*stored.files, *here.files})),
    )
