"""Reading an archive that may be damaged or hostile: unpacked beside the target, checked whole, then moved in place."""

import hashlib
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from src.core.backup import BackupRefused, manifest
from src.core.backup.database import MEMBERS
from src.core.backup.manifest import Manifest
from src.core.durable import sync_folder

CHUNK_BYTES = 1 << 20
MANIFEST_MAX_BYTES = 512 << 20
DAMAGED = (tarfile.TarError, EOFError, zlib.error)


def unpack(*, source: Path, stage: Path, folders: tuple[str, ...]) -> Manifest:
    """All of the archive in `stage`, every sha256 as the manifest says. `folders` may be in it, and nothing else.

    Raises BackupRefused; then `stage` holds what must not be used.
    """
    sums: dict[str, str] = {}
    found: Manifest | None = None
    try:
        with tarfile.open(source, "r|*") as archive:
            for member in archive:
                _require_plain(member, stage, folders)
                content = archive.extractfile(member)
                assert content is not None, "a regular file"
                if member.name == manifest.NAME:
                    found = Manifest.from_json(content.read(MANIFEST_MAX_BYTES))
                elif member.name in sums:
                    raise BackupRefused(f"{member.name} is in the archive twice.")
                else:
                    sums[member.name] = _write(content, stage / member.name)
    except DAMAGED as exc:
        raise BackupRefused("The archive is damaged or is no tar file.") from exc
    except OSError as exc:
        # Python's gzip says damage this way too.
        raise BackupRefused(f"The archive cannot be unpacked: {exc.strerror or 'damaged'}.") from exc
    if found is None:
        raise BackupRefused("The archive has no manifest at its end: it is no whole backup.")
    _require_equal(sums, found)
    return found


def _require_plain(member: tarfile.TarInfo, stage: Path, folders: tuple[str, ...]) -> None:
    path = PurePosixPath(member.name)
    is_ours = member.name in (manifest.NAME, *MEMBERS.values()) or path.parts[:1] in {(name,) for name in folders}
    if not member.isfile() or path.is_absolute() or ".." in path.parts or not is_ours or "\\" in member.name:
        raise BackupRefused(f"The archive holds {member.name!r}, which no backup holds.")
    try:
        tarfile.data_filter(member, str(stage))
    except tarfile.FilterError as exc:
        raise BackupRefused(f"The archive holds {member.name!r}, which no backup holds.") from exc


def _write(content: IO[bytes], target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    with target.open("xb") as file:
        while chunk := content.read(CHUNK_BYTES):
            sha256.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return sha256.hexdigest()


def _require_equal(sums: dict[str, str], found: Manifest) -> None:
    wrong = sorted(name for name in {**sums, **found.files} if sums.get(name) != found.files.get(name))
    if wrong:
        raise BackupRefused(f"{len(wrong)} files are not as the manifest says, {wrong[0]} among them.")
    if MEMBERS.get(found.database_vendor) not in sums:
        raise BackupRefused("The archive holds no dump of the database that its manifest names.")


def move_into_place(source: Path, target: Path) -> int:
    """Every file below `source` to the same place below `target`; how many."""
    count = 0
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, place)
        sync_folder(place.parent)
        count += 1
    return count
