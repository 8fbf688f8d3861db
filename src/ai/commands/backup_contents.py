"""What a backup of this installation consists of, and which of the stored keys a keyring opens."""

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from src.ai.services.key_rotation import label_of, open_stored_key, stored_keys
from src.core.backup.writing import Folder
from src.core.errors import Misconfigured

MEDIA, INBOX = "media", "inbox"
RENDITIONS = "renditions/"


@dataclass
class KeyReport:
    opened: int = 0
    closed: list[str] = field(default_factory=list)


def media_is_local() -> bool:
    return isinstance(default_storage, FileSystemStorage)


def folders_to_keep() -> list[Folder]:
    """The originals, unless an object store holds them, and the inbox; renditions are made again from originals."""
    media = [Folder(MEDIA, Path(settings.MEDIA_ROOT), (RENDITIONS,))] if media_is_local() else []
    return [*media, Folder(INBOX, Path(settings.INBOX_DIR), is_emptied=True)]


def try_stored_keys() -> KeyReport:
    """Whether the present keyring opens each stored key; keys set aside for an old address count as closed."""
    report = KeyReport()
    for row in stored_keys():
        try:
            open_stored_key(row)
            report.opened += 1
        except Misconfigured:
            report.closed.append(label_of(row))
    return report
