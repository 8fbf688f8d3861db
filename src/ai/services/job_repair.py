"""What was left behind, brought to its end: answers that came after a job had ended as unclear, and what is kept for a
time only."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from src.ai.models import (
    UNFINISHED,
    Charged,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.services.inbox import call_path, is_in_inbox, take_from_quarantine, upload_kept
from src.ai.services.job_events import note_state
from src.core import db

LATE_ANSWERS = timedelta(days=30)
"""How long after its beginning an unclear job is looked at for an answer that came late."""
AT_ONCE = 500
log = structlog.get_logger("negareh.jobs")

Places = Sequence[tuple[UUID, int, int]]
"""Paid calls, by generation, index and attempt."""


async def find_late_answers() -> Sequence[UUID]:
    """Open again the ended jobs whose missing answer lies in the inbox by now, where a runner that had lost its lease
    wrote it. Returns which."""
    await db.run_with_files(_share_kept)
    reopened: list[UUID] = []
    before = timezone.now()
    while unclear := await db.run(find_unclear_calls, before=before, is_unread=True):
        places = [(call.generation_id, call.index, call.attempt) for call in unclear]
        answered = await db.run_with_files(_those_where, places=places, holds=is_in_inbox)
        reopened += await db.run(reopen_jobs, answered=answered)
        before = unclear[-1].generation.created_at
    return reopened


def _share_kept() -> None:
    """What the bucket did not take goes up now, so that the other machines see it."""
    try:
        upload_kept()
    except OSError as exc:
        log.error("inbox_not_uploaded", exc_info=exc)


def read_quarantine_again() -> Sequence[UUID]:
    """Take the answers of unclear calls out of quarantine, and open their jobs again: with a mended adapter they may be
    readable. Returns which."""
    reopened: list[UUID] = []
    before = timezone.now()
    while unclear := find_unclear_calls(before=before, is_unread=False):
        places = [(call.generation_id, call.index, call.attempt) for call in unclear]
        reopened += reopen_jobs(answered=_those_where(places=places, holds=take_from_quarantine))
        before = unclear[-1].generation.created_at
    return reopened


def find_unclear_calls(*, before: datetime, is_unread: bool) -> Sequence[ProviderCall]:
    """Of jobs that began before that moment and have ended, the newest first. `is_unread`: only those of which no
    answer was read and booked."""
    since = timezone.now() - LATE_ANSWERS
    rows = ProviderCall.objects.filter(
        charged=Charged.UNKNOWN,
        generation__charged=Charged.UNKNOWN,
        generation__created_at__gt=since,
        generation__created_at__lt=before,
    ).exclude(generation__status__in=UNFINISHED)
    if is_unread:
        rows = rows.filter(Q(received_at__isnull=True) | Q(finished_at__isnull=True))
    return list(rows.select_related("generation").order_by("-generation__created_at", "index")[:AT_ONCE])


def _those_where(*, places: Places, holds: Callable[[str], bool]) -> Places:
    return [place for place in places if holds(call_path(*place))]


def reopen_jobs(*, answered: Places) -> Sequence[UUID]:
    indexes: dict[UUID, list[int]] = {}
    for generation_id, index, _attempt in answered:
        indexes.setdefault(generation_id, []).append(index)
    return [generation_id for generation_id, calls in indexes.items() if _reopen(generation_id, calls)]


@transaction.atomic
def _reopen(generation_id: UUID, indexes: Sequence[int]) -> bool:
    """Into the queue again, to be read and booked; nothing is sent for it."""
    generation = (
        ImageGeneration.objects.select_for_update(of=("self",)).exclude(status__in=UNFINISHED).filter(pk=generation_id)
    ).first()
    if generation is None:
        return False
    calls = ProviderCall.objects.filter(generation=generation, index__in=indexes, charged=Charged.UNKNOWN)
    now = timezone.now()
    if not calls.update(status=ProviderCallStatus.RECEIVED, received_at=now, finished_at=None):
        return False
    generation.status, generation.not_before, generation.setbacks = GenerationStatus.QUEUED, None, 0
    generation.save(update_fields=["status", "not_before", "setbacks"])
    note_state(generation)
    log.info("job_reopened", generation_id=str(generation_id), calls=len(indexes))
    return True
