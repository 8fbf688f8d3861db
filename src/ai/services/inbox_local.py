"""The inbox as a folder on this machine."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from src.ai.services.inbox_paths import QUARANTINE
from src.core.durable import sync_folder, write_durably

FOLDERS = f"??/{'?' * 32}"


@dataclass(frozen=True, kw_only=True)
class InboxFolder:
    """A generation's folder, in quarantine or not: when something in it last changed, and the paths of its files."""

    path: str
    changed_at: datetime
    files: tuple[str, ...]

    @property
    def is_quarantine(self) -> bool:
        return self.path.startswith(QUARANTINE)


class LocalInbox:
    def __init__(self, root: Path):
        self._root = root

    def write(self, path: str, content: bytes) -> None:
        """Durable when this returns. Raises OSError."""
        try:
            write_durably(self._root / path, content)
        except FileNotFoundError:
            # The folder was empty for a moment, and somebody's `remove` took it away.
            write_durably(self._root / path, content)

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def open(self, path: str) -> BinaryIO:
        """To be closed by the caller. Raises FileNotFoundError."""
        return (self._root / path).open("rb")

    def exists(self, path: str) -> bool:
        return (self._root / path).exists()

    def remove(self, path: str) -> None:
        """The file, and its folder once that is empty."""
        place = self._root / path
        place.unlink(missing_ok=True)
        with suppress(OSError):
            place.parent.rmdir()

    def move(self, path: str, target: str) -> bool:
        """False if there is nothing to be moved. Raises OSError."""
        place, new_place = self._root / path, self._root / target
        if not place.exists():
            return False
        new_place.parent.mkdir(parents=True, exist_ok=True)
        place.replace(new_place)
        sync_folder(new_place.parent)
        self.remove(path)
        return True

    def folders(self) -> Iterator[InboxFolder]:
        """Those that hold something; what others remove meanwhile is left out."""
        for place in [*self._root.glob(FOLDERS), *(self._root / QUARANTINE).glob(FOLDERS)]:
            with suppress(FileNotFoundError):
                path = place.relative_to(self._root).as_posix()
                changed_at = datetime.fromtimestamp(place.stat().st_mtime, UTC)
                files = tuple(f"{path}/{name}" for name in sorted(file.name for file in place.iterdir()))
                if files:
                    yield InboxFolder(path=path, changed_at=changed_at, files=files)
