"""The bytes of pictures as they were received, in the storage."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage

from src.core.durable import sync_file
from src.core.errors import NotFound, Unavailable
from src.core.faults import reach
from src.media.inspection import PictureFacts
from src.media.models import MediaAsset

COPY_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class StoredOriginal:
    """Bytes that lie in the storage under `file_name`; not yet a row."""

    asset_id: uuid.UUID
    file_name: str
    sha256: str
    facts: PictureFacts


def store_original(*, content: bytes, facts: PictureFacts) -> StoredOriginal:
    """Put the bytes, unchanged and durably, into the storage. Raises Unavailable(storage_unavailable)."""
    return _store(ContentFile(content), sha256_of(content), facts)


def store_original_file(*, path: Path, sha256: str, facts: PictureFacts) -> StoredOriginal:
    """`store_original` for bytes that lie in a file, which is never in memory as a whole."""
    with path.open("rb") as file:
        return _store(File(file), sha256, facts)


def _store(content: File, sha256: str, facts: PictureFacts) -> StoredOriginal:
    asset_id = uuid.uuid4()
    return StoredOriginal(asset_id, save_durably(_original_name(asset_id, facts), content), sha256, facts)


def _original_name(asset_id: uuid.UUID, facts: PictureFacts) -> str:
    return f"originals/{asset_id.hex[:2]}/{asset_id.hex}.{facts.extension}"


def save_durably(wanted: str, content: File) -> str:
    """The name under which the storage keeps it, on disk when this returns. Raises Unavailable(storage_unavailable)."""
    try:
        file_name = default_storage.save(wanted, content)
        reach("library_write")
        if isinstance(default_storage, FileSystemStorage):
            sync_file(Path(default_storage.path(file_name)), root=Path(default_storage.location))
    except OSError as exc:
        _remove_rest(wanted)
        raise Unavailable("storage_unavailable") from exc
    return file_name


def _remove_rest(wanted: str) -> None:
    """What a full disk took of a file. The name is nobody else's: it holds a random id."""
    if isinstance(default_storage, FileSystemStorage):
        with suppress(OSError):
            Path(default_storage.path(wanted)).unlink(missing_ok=True)


def discard_original(original: StoredOriginal) -> None:
    """Take back a stored original that got no row."""
    default_storage.delete(original.file_name)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_stored(file_name: str) -> BinaryIO:
    """The stored bytes, to be closed by the caller.

    Raises NotFound(original_missing) if the storage lost them, Unavailable(storage_unavailable).
    """
    try:
        return cast(BinaryIO, default_storage.open(file_name, "rb"))
    except FileNotFoundError as exc:
        raise NotFound("original_missing") from exc
    except OSError as exc:
        raise Unavailable("storage_unavailable") from exc


def open_original(asset: MediaAsset) -> BinaryIO:
    return open_stored(asset.file_name)


@contextmanager
def local_copy(file_name: str) -> Iterator[Path]:
    """A path that another process can read: the stored file itself on a local disk, else a copy that goes again.

    Raises as `open_stored`.
    """
    if isinstance(default_storage, FileSystemStorage):
        path = Path(default_storage.path(file_name))
        if not path.exists():
            raise NotFound("original_missing")
        yield path
        return
    with open_stored(file_name) as stored, NamedTemporaryFile(suffix=Path(file_name).suffix) as copy:
        while chunk := stored.read(COPY_CHUNK_BYTES):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)
