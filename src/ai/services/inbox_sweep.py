"""What is past its time in the inbox: pictures not saved, what ended generations left, and the quarantine."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

import structlog
from django.utils import timezone

from src.ai.models import UNFINISHED, Charged, GenerationOutput, ImageGeneration
from src.ai.services.inbox_local import InboxFolder
from src.ai.services.inbox_paths import generation_of
from src.ai.services.inbox_store import InboxStore, inbox_store, upload_kept

RESULT_LIFETIME = timedelta(hours=24)
QUARANTINE_LIFETIME = timedelta(days=30)
AT_ONCE = 500
log = structlog.get_logger("negareh.inbox")
T = TypeVar("T")


def sweep_inbox(*, dry_run: bool = False) -> dict[str, int]:
    """Remove pictures not saved for 24 hours (`results`), what is in quarantine for 30 days (`quarantined`), and the
    answers, inputs and previews of generations that ended 24 hours ago with their cost known, or that have no row
    (`leftovers`). Returns how many pictures, and how many folders of the other two. Raises OSError."""
    if not dry_run:
        _upload_kept()
    store, now = inbox_store(), timezone.now()
    folders = [folder for folder in store.folders() if folder.changed_at < now - _lifetime(folder)]
    quarantined = [folder.files for folder in folders if folder.is_quarantine]
    others = [folder for folder in folders if not folder.is_quarantine]
    leftovers = [files for batch in _batches(others) for files in _leftovers_in(batch, now)]
    results = _sweep_results(store, now, dry_run=dry_run)
    if not dry_run:
        for path in (path for files in [*quarantined, *leftovers] for path in files):
            store.remove(path)
    return {"results": results, "quarantined": len(quarantined), "leftovers": len(leftovers)}


def _upload_kept() -> None:
    """A bucket that still takes nothing keeps nobody from sweeping."""
    try:
        uploaded = upload_kept()
    except OSError as exc:
        log.warning("inbox_not_uploaded", exc_info=exc)
        return
    if uploaded:
        log.info("inbox_uploaded", files=uploaded)


def _lifetime(folder: InboxFolder) -> timedelta:
    return QUARANTINE_LIFETIME if folder.is_quarantine else RESULT_LIFETIME


def _leftovers_in(folders: Sequence[InboxFolder], now: datetime) -> Iterator[Sequence[str]]:
    """What may go of each folder, in two queries for all."""
    ids = [generation_of(folder.path) for folder in folders]
    rows = ImageGeneration.objects.only("status", "charged", "created_at", "finished_at").in_bulk(ids)
    unsaved = set(
        GenerationOutput.objects.filter(generation__in=ids).exclude(inbox_path="").values_list("inbox_path", flat=True)
    )
    for generation_id, folder in zip(ids, folders, strict=True):
        row = rows.get(generation_id)
        files = [path for path in folder.files if path not in unsaved]
        if files and (row is None or _is_over(row, now)):
            yield files


def _is_over(generation: ImageGeneration, now: datetime) -> bool:
    """As long as its cost is unclear, what it left may clear it."""
    ended_at = generation.finished_at or generation.created_at
    is_clear = generation.status not in UNFINISHED and generation.charged != Charged.UNKNOWN
    return is_clear and ended_at < now - RESULT_LIFETIME


def _sweep_results(store: InboxStore, now: datetime, *, dry_run: bool) -> int:
    outdated = GenerationOutput.objects.filter(asset__isnull=True, created_at__lt=now - RESULT_LIFETIME).exclude(
        inbox_path=""
    )
    if dry_run:
        return outdated.count()
    removed = 0
    while batch := dict(outdated.order_by("pk").values_list("pk", "inbox_path")[:AT_ONCE]):
        for path in batch.values():
            store.remove(path)
        GenerationOutput.objects.filter(pk__in=batch).update(inbox_path="")
        removed += len(batch)
    return removed


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, AT_ONCE)):
        yield batch
