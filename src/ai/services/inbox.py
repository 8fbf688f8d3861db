"""The inbox folder: paid answers as they came, pictures not saved, and the quarantine."""

import shutil
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from src.ai.models import GenerationOutput
from src.core.durable import write_durably

RESULT_LIFETIME = timedelta(hours=24)
QUARANTINE_LIFETIME = timedelta(days=30)
QUARANTINE = "quarantine"


def call_path(generation_id: UUID, call_index: int) -> str:
    return f"{_folder(generation_id)}/call-{call_index}.body"


def result_path(generation_id: UUID, index: int, extension: str) -> str:
    return f"{_folder(generation_id)}/result-{index}.{extension}"


def _folder(generation_id: UUID) -> str:
    return f"{generation_id.hex[:2]}/{generation_id.hex}"


def full_path(relative: str) -> Path:
    return Path(settings.INBOX_DIR) / relative


def write_to_inbox(relative: str, content: bytes) -> None:
    """Durable when this returns. Raises OSError."""
    write_durably(full_path(relative), content)


def read_from_inbox(relative: str) -> bytes | None:
    """None if it has been swept."""
    try:
        return full_path(relative).read_bytes()
    except FileNotFoundError:
        return None


def remove_from_inbox(relative: str) -> None:
    """The file, and its generation's folder once that is empty."""
    path = full_path(relative)
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def move_to_quarantine(relative: str) -> None:
    """A paid answer without an acceptable picture: kept for `QUARANTINE_LIFETIME`, never rendered or served."""
    source = full_path(relative)
    target = full_path(f"{QUARANTINE}/{relative}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.exists():
        source.replace(target)
        remove_from_inbox(relative)


def write_to_quarantine(generation_id: UUID, index: int, content: bytes) -> None:
    """A picture that was fetched by its link, so that no stored answer holds its bytes."""
    write_durably(full_path(f"{QUARANTINE}/{_folder(generation_id)}/picture-{index}.bin"), content)


def sweep_inbox(*, dry_run: bool = False) -> dict[str, int]:
    """Remove pictures not saved for a day and quarantine older than 30 days; returns how many of each."""
    outdated = GenerationOutput.objects.filter(
        asset__isnull=True, created_at__lt=timezone.now() - RESULT_LIFETIME
    ).exclude(inbox_path="")
    quarantined = _old_quarantine()
    if dry_run:
        return {"results": outdated.count(), "quarantined": len(quarantined)}
    results = 0
    for output in outdated.iterator():
        remove_from_inbox(output.inbox_path)
        GenerationOutput.objects.filter(pk=output.pk).update(inbox_path="")
        results += 1
    for folder in quarantined:
        _remove_folder(folder)
    return {"results": results, "quarantined": len(quarantined)}


def _old_quarantine() -> list[Path]:
    oldest_kept = time.time() - QUARANTINE_LIFETIME.total_seconds()
    return [path for path in full_path(QUARANTINE).glob("*/*") if _is_older(path, oldest_kept)]


def _is_older(path: Path, moment: float) -> bool:
    """False also for what another sweeper has just removed."""
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:
        return False


def _remove_folder(folder: Path) -> None:
    """Also while another sweeper removes it; each round leaves less of it."""
    while folder.exists():
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
