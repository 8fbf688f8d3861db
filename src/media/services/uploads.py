"""Pictures that people bring themselves."""

import asyncio
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import DatabaseError, transaction

from src.core import background, db
from src.core.child_processes import Unfinished
from src.core.errors import Conflict, InvalidFields, Unavailable
from src.media.addresses import original_url
from src.media.decoding import examine
from src.media.inspection import MAX_PICTURE_BYTES, PictureFacts, UnacceptablePicture
from src.media.models import MediaAsset, Source, Visibility
from src.media.services.assets import AssetDetails, create_asset
from src.media.services.originals import (
    StoredOriginal,
    discard_original,
    sha256_of_file,
    store_original_file,
)
from src.media.services.picture_processes import BLAMED, PROCESSES, problem_of
from src.media.services.renditions import RETRY_AFTER_S, schedule_renditions

TITLE_CHARS = 300
DROPPED = frozenset({"Cc", "Cs", "Co", "Cn"})
DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """`title` None: taken from `file_name`, which nothing else is taken from."""

    path: Path
    file_name: str
    title: str | None = None
    alt_text: str = ""
    alt_text_en: str = ""
    visibility: str = Visibility.TEAM
    allow_duplicate: bool = False


async def upload_picture(*, upload: Upload, user: Any) -> MediaAsset:
    """Decode in a child process, store the bytes unchanged, write the row. Holds no database thread meanwhile.

    Raises InvalidFields(file), Conflict(already_in_library), Unavailable(storage_unavailable, pictures_busy).
    """
    facts = await _examine(upload.path)
    sha256 = await asyncio.to_thread(sha256_of_file, upload.path)
    if not upload.allow_duplicate:
        await db.run(_refuse_duplicate, sha256=sha256, user=user)
    # A client that hangs up in the middle must not leave a file without a row.
    return await background.finish_regardless(_keep(upload, facts, sha256, user))


async def _keep(upload: Upload, facts: PictureFacts, sha256: str, user: Any) -> MediaAsset:
    original = await asyncio.to_thread(store_original_file, path=upload.path, sha256=sha256, facts=facts)
    asset = await db.run(_write_row, original=original, upload=upload, user=user)
    schedule_renditions([asset.pk])
    return asset


async def _examine(path: Path) -> PictureFacts:
    try:
        if path.stat().st_size > MAX_PICTURE_BYTES:
            raise UnacceptablePicture("too_many_bytes")
        return await PROCESSES.run(examine, str(path))
    except BLAMED as exc:
        error = problem_of(exc)
        raise InvalidFields.one("file", error.code, **error.params) from exc
    except Unfinished as exc:
        raise Unavailable("pictures_busy", retry_after_s=RETRY_AFTER_S) from exc


def _refuse_duplicate(*, sha256: str, user: Any) -> None:
    """Pictures that the person cannot see are no duplicates: saying so would tell of them."""
    same = MediaAsset.objects.visible_to(user).filter(sha256=sha256).order_by("created_at").first()
    if same is not None:
        known = {"id": str(same.pk), "url": original_url(same.pk), "title": same.title}
        raise Conflict("already_in_library", facts={"asset": known})


def _write_row(*, original: StoredOriginal, upload: Upload, user: Any) -> MediaAsset:
    details = AssetDetails(
        owner_id=user.pk,
        title=title_from_file_name(upload.file_name) if upload.title is None else upload.title,
        alt_text=upload.alt_text,
        alt_text_en=upload.alt_text_en,
        visibility=upload.visibility,
        source=Source.UPLOADED,
    )
    try:
        with transaction.atomic():
            return create_asset(original=original, details=details)
    except DatabaseError:
        discard_original(original)
        raise


def title_from_file_name(name: str) -> str:
    """Without folders, extension and what is no text; underscores are spaces."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    plain = DIRECTIONS.sub("", "".join(c for c in stem if unicodedata.category(c) not in DROPPED))
    return " ".join(plain.replace("_", " ").split())[:TITLE_CHARS]
