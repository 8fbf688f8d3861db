"""Where a command's pictures go on disk: names by number and real type, nothing overwritten unasked."""

import os
from dataclasses import dataclass
from errno import EEXIST
from pathlib import Path

from src.core.durable import write_durably

SUFFIXES = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/webp": (".webp",)}
KNOWN = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


class NoPlace(Exception):
    """Nothing may be written there; the message says why."""


@dataclass(frozen=True)
class PictureFiles:
    """`asked` names a file; of several pictures the first is `asked-1`, and so on."""

    asked: Path
    count: int
    may_overwrite: bool = False

    def require_place(self) -> None:
        """Raises NoPlace, before anything is paid for, if a picture of any kept type would not find its place."""
        folder = self.asked.parent
        if not self.asked.name or self.asked.is_dir():
            raise NoPlace(f"{self.asked} is a folder; name a file.")
        if not folder.is_dir():
            raise NoPlace(f"There is no folder {folder}.")
        if not os.access(folder, os.W_OK):
            raise NoPlace(f"Nothing can be written in {folder}.")
        if self.may_overwrite:
            return
        for index in range(self.count):
            for path in (self._path(index, self.asked.suffix), *(self._path(index, suffix) for suffix in KNOWN)):
                if path.exists():
                    raise NoPlace(f"{path} exists; add --force to overwrite it.")

    def path_for(self, index: int, mime_type: str) -> Path:
        """With the extension as it was asked where it fits the picture's type, else with the type's own."""
        suffixes = SUFFIXES[mime_type]
        asked = self.asked.suffix
        return self._path(index, asked if asked.lower() in suffixes else suffixes[0])

    def write(self, index: int, mime_type: str, content: bytes) -> Path:
        """The path written, durably. Raises OSError."""
        path = self.path_for(index, mime_type)
        if index >= self.count and path.exists() and not self.may_overwrite:
            # A picture more than was asked: nobody looked for its place before.
            raise FileExistsError(EEXIST, "there is such a file")
        write_durably(path, content)
        return path

    def _path(self, index: int, suffix: str) -> Path:
        # Only a picture's extension is taken off: in `v1.2` the `.2` belongs to the name.
        stem = self.asked.stem if self.asked.suffix.lower() in KNOWN else self.asked.name
        number = f"-{index + 1}" if self.count > 1 or index > 0 else ""
        return self.asked.with_name(f"{stem}{number}{suffix if suffix.lower() in KNOWN else ''}")
