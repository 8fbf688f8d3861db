"""Storing and finding pictures of the library."""

import hashlib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from src.core.durable import sync_file
from src.core.errors import NotFound
from src.media.inspection import PictureFacts
from src.media.models import MediaAsset, Source, Visibility

TITLE_CHARS = 80


@dataclass(frozen=True)
class StoredOriginal:
    """Bytes that lie in the storage under `file_name`; not yet a row."""

    asset_id: uuid.UUID
    file_name: str
    sha256: str
    facts: PictureFacts


@dataclass(frozen=True)
class AssetDetails:
    """What is known of a picture besides its bytes; `snapshot` fills the generation columns."""

    owner_id: int
    title: str
    alt_text: str = ""
    visibility: str = Visibility.TEAM
    source: str = Source.GENERATED
    snapshot: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)


def store_original(*, content: bytes, facts: PictureFacts) -> StoredOriginal:
    """Put the bytes, unchanged and durably, into the storage. Raises OSError."""
    asset_id = uuid.uuid4()
    wanted = f"originals/{asset_id.hex[:2]}/{asset_id.hex}.{facts.extension}"
    file_name = default_storage.save(wanted, ContentFile(content))
    if isinstance(default_storage, FileSystemStorage):
        sync_file(Path(default_storage.path(file_name)), root=Path(default_storage.location))
    return StoredOriginal(asset_id, file_name, sha256_of(content), facts)


def discard_original(original: StoredOriginal) -> None:
    """Take back a stored original that got no row."""
    default_storage.delete(original.file_name)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def create_asset(*, original: StoredOriginal, details: AssetDetails) -> MediaAsset:
    """The row of a stored original. Call inside the transaction that accounts for it."""
    return MediaAsset.objects.create(
        id=original.asset_id,
        owner_id=details.owner_id,
        file_name=original.file_name,
        sha256=original.sha256,
        mime_type=original.facts.mime_type,
        width=original.facts.width,
        height=original.facts.height,
        size_bytes=original.facts.size_bytes,
        title=details.title,
        alt_text=details.alt_text,
        visibility=details.visibility,
        source=details.source,
        provenance=details.provenance,
        **details.snapshot,
    )


def title_from_prompt(prompt: str) -> str:
    """The prompt's start, on one line, cut at a word."""
    line = " ".join(prompt.split())
    if len(line) <= TITLE_CHARS:
        return line
    words, space, _rest = line[: TITLE_CHARS + 1].rpartition(" ")
    return f"{words if space else line[:TITLE_CHARS]}…"


def find_visible_asset(*, asset_id: uuid.UUID, user: Any) -> MediaAsset:
    """Raises NotFound for a picture that is not there or not theirs to see; the two look alike."""
    asset = MediaAsset.objects.visible_to(user).filter(pk=asset_id).first()
    if asset is None:
        raise NotFound
    return asset


def open_original(asset: MediaAsset) -> BinaryIO:
    """The stored bytes, to be closed by the caller. Raises NotFound if the storage has lost them."""
    try:
        return cast(BinaryIO, default_storage.open(asset.file_name, "rb"))
    except FileNotFoundError as exc:
        raise NotFound("original_missing") from exc
