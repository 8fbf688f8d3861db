"""Writing an archive: streamed, in one pass, renamed when it is whole."""

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from django.db import connection

from src.core.backup import BackupRefused, manifest
from src.core.backup.database import MEMBERS, dump_database
from src.core.backup.manifest import Manifest, applied_migrations
from src.core.durable import sync_folder


@dataclass(frozen=True)
class Folder:
    """A folder on this disk that goes into the archive as `name`, without what begins with `left_out` in it.

    From one that `is_emptied` while the server works, files go that the dump may still point to.
    """

    name: str
    path: Path
    left_out: tuple[str, ...] = ()
    is_emptied: bool = False

    def files(self) -> Iterator[tuple[str, Path]]:
        """Member name and path; drafts that are still being written are hidden and no files yet."""
        for folder, inner, names in os.walk(self.path):
            inner[:] = [name for name in inner if not name.startswith(".")]
            for name in names:
                path = Path(folder) / name
                relative = path.relative_to(self.path).as_posix()
                if not name.startswith(".") and not relative.startswith(self.left_out or ("\0",)):
                    yield f"{self.name}/{relative}", path

    def hold_in(self, stage: Path) -> int:
        """Keep the files in `stage`, by links, or by copies where it lies on another disk; those held already stay.
        How many were gone when their turn came."""
        gone = 0
        for name, path in self.files():
            held = stage / name
            if held.exists():
                continue
            held.parent.mkdir(parents=True, exist_ok=True)
            try:
                _link_or_copy(path, held)
            except FileNotFoundError:
                gone += 1
        return gone


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(source, target)


class HashingReader:
    """A file as tarfile reads it, with the sha256 of what was read."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.sha256.update(chunk)
        return chunk


def write_backup(*, target: Path, folders: list[Folder], keyring_key_ids: list[str], media: str) -> Manifest:
    """The database first, so that what it names is on disk when the files are read. Raises BackupRefused, OSError."""
    if target.exists():
        raise BackupRefused(f"{target} exists.")
    draft = target.with_name(f"{target.name}.part")
    found = Manifest(connection.vendor, applied_migrations(), keyring_key_ids, media)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exc:
        raise BackupRefused(f"{draft} exists: another backup runs, or was cut off; remove it then.") from exc
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file, found, folders, is_packed=target.suffix in (".gz", ".tgz"), beside=target.parent)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    return found


def _write(file: BinaryIO, found: Manifest, folders: list[Folder], *, is_packed: bool, beside: Path) -> None:
    with tarfile.open(fileobj=file, mode="w|gz" if is_packed else "w|", format=tarfile.PAX_FORMAT) as archive:
        with tempfile.TemporaryDirectory(dir=beside, prefix=".backup-") as stage:
            emptied = [place for place in folders if place.is_emptied]
            dump = Path(stage) / "dump"
            # Before the dump for what goes meanwhile, after it for what came.
            found.skipped += sum(place.hold_in(Path(stage)) for place in emptied)
            dump_database(dump)
            found.skipped += sum(place.hold_in(Path(stage)) for place in emptied)
            _add(archive, found, MEMBERS[found.database_vendor], dump)
            dump.unlink()
            for place in folders:
                if place.is_emptied:
                    place = replace(place, path=Path(stage) / place.name)
                for name, path in place.files():
                    _add(archive, found, name, path)
        content = found.to_json()
        entry = tarfile.TarInfo(manifest.NAME)
        entry.size, entry.mode = len(content), 0o600
        archive.addfile(entry, io.BytesIO(content))


def _add(archive: tarfile.TarFile, found: Manifest, name: str, path: Path) -> None:
    """Files are never changed in place, so the size at opening holds."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        # Deleted since the folder was listed.
        found.skipped += 1
        return
    with file:
        status = os.fstat(file.fileno())
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = status.st_size, int(status.st_mtime), 0o600
        reader = HashingReader(file)
        archive.addfile(entry, reader)
        found.files[name] = reader.sha256.hexdigest()
