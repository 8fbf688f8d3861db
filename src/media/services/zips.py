"""A selection of pictures as one zip, streamed: no more than a piece of one picture is ever in memory."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from zipstream import ZIP_STORED, ZipStream

from src.core.audit import record
from src.core.errors import NotFound
from src.media.models import MediaAsset
from src.media.services.originals import open_stored

MAX_ASSETS = 1_000
PIECE_BYTES = 256 * 1024
NAME_CHARS = 60
# Control characters, and what Windows does not allow in names.
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
RECORD_NAME = "pictures.json"


@dataclass(frozen=True)
class Zip:
    """`length` in bytes is known before the first piece is made, since nothing is compressed."""

    name: str
    length: int
    pieces: Iterator[bytes]


@transaction.atomic
def zip_of(*, asset_ids: Iterable[UUID], user: Any) -> Zip:
    """The originals and a record of each. Raises NotFound(some_not_found) if this person does not see them all."""
    wanted = list(dict.fromkeys(asset_ids))
    rows = {row.pk: row for row in MediaAsset.objects.visible_to(user).filter(pk__in=wanted).select_related("owner")}
    if len(rows) < len(wanted):
        raise NotFound("some_not_found")
    assets = [rows[pk] for pk in wanted]
    record(
        "media.exported",
        actor=user,
        object_type="media_asset",
        object_id=wanted[0],
        after={"pictures": len(assets), "bytes": sum(asset.size_bytes for asset in assets)},
    )
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for asset in assets:
        archive.add(_pieces_of(asset.file_name), name_in_zip(asset), size=asset.size_bytes)
    archive.add(json.dumps([_describe(asset) for asset in assets], ensure_ascii=False, indent=1), RECORD_NAME)
    return Zip(f"negareh-{timezone.now():%Y%m%d-%H%M%S}.zip", len(archive), iter(archive))


def name_in_zip(asset: MediaAsset) -> str:
    """The title as far as a file may bear it, and the id's start, so that equal titles stay apart."""
    title = " ".join(UNSAFE.sub(" ", asset.title).split())[:NAME_CHARS].strip(" .")
    extension = asset.file_name.rsplit(".", 1)[-1]
    return f"{title} {asset.pk.hex[:12]}.{extension}".strip()


def _pieces_of(file_name: str) -> Iterator[bytes]:
    with open_stored(file_name) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _describe(asset: MediaAsset) -> dict[str, Any]:
    return {
        "file": name_in_zip(asset),
        "id": str(asset.pk),
        "title": asset.title,
        "alt_text": asset.alt_text,
        "alt_text_en": asset.alt_text_en,
        "owner": asset.owner.get_username(),
        "source": asset.source,
        "provider": asset.provider_slug,
        "model": asset.model_id,
        "prompt": asset.prompt,
        "params": asset.params,
        "cost_micros": asset.cost_micros,
        "provenance": asset.provenance,
        "sha256": asset.sha256,
        "created_at": asset.created_at.isoformat(),
    }
