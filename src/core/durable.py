"""Files that must survive a crash: written beside, fsynced, renamed, and the folder fsynced too."""

import os
import secrets
from pathlib import Path

from src.core.faults import reach


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """`path` holds all of `content` or does not exist, whatever happens. Raises OSError."""
    new_folders = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            reach("durable_write")
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    for folder in new_folders:
        sync_folder(folder.parent)


def sync_file(path: Path, *, root: Path) -> None:
    """Make a file that another library wrote survive a crash; the folders from below `root` to it may be new."""
    _sync(path)
    for folder in path.parents:
        sync_folder(folder)
        if folder == root.parent:
            return


def sync_folder(folder: Path) -> None:
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
