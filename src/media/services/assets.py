"""Rows of the library: made, found, described."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from src.core.errors import NotFound
from src.core.text import normalise
from src.media.models import MediaAsset, Source, Visibility
from src.media.services.originals import StoredOriginal

TITLE_CHARS = 80


@dataclass(frozen=True)
class AssetDetails:
    """What is known of a picture besides its bytes; `snapshot` fills the generation columns."""

    owner_id: int
    title: str
    alt_text: str = ""
    alt_text_en: str = ""
    visibility: str = Visibility.TEAM
    source: str = Source.GENERATED
    snapshot: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)


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
        alt_text_en=details.alt_text_en,
        visibility=details.visibility,
        source=details.source,
        provenance=details.provenance,
        search_text=search_text_of(
            details.title, details.alt_text, details.alt_text_en, details.snapshot.get("prompt", "")
        ),
        **details.snapshot,
    )


def search_text_of(*texts: str) -> str:
    """What a search looks through: title, alt texts and prompt, each on a line of its own and behind a space, so that
    every word begins behind one."""
    return "\n".join(f" {normalise(text)}" for text in texts if text)


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
