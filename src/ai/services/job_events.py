"""What happens to a job, written down in the order of its owner's feed, and told to whoever watches."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from src.ai.models import ImageGeneration, JobEvent, JobEventKind, JobFeed
from src.ai.services.webhook_events import publish_end
from src.core import notices

EVENTS_LIFETIME = timedelta(days=7)


def job_topic(generation_id: UUID) -> str:
    return f"job:{generation_id}"


def person_topic(admin_id: int) -> str:
    return f"person:{admin_id}"


def note_state(generation: ImageGeneration) -> None:
    """The generation's state as it is now, and webhooks of an end. The last write of the caller's transaction: it holds
    the person's feed until commit."""
    if generation.is_finished:
        publish_end(generation)
    _note(
        generation,
        JobEventKind.STATE,
        {
            "status": generation.status,
            "charged": generation.charged,
            "error_code": generation.error_code,
            "cancel_requested": generation.cancel_requested_at is not None,
        },
    )


def note_preview(generation: ImageGeneration, data: dict[str, Any]) -> None:
    """A partial picture that lies in the inbox. As `note_state`."""
    _note(generation, JobEventKind.PREVIEW, data)


def _note(generation: ImageGeneration, kind: JobEventKind, data: dict[str, Any]) -> None:
    admin_id = generation.admin_id
    if not JobFeed.objects.filter(pk=admin_id).update(last_seq=F("last_seq") + 1):
        JobFeed.objects.bulk_create([JobFeed(admin_id=admin_id)], ignore_conflicts=True)
        JobFeed.objects.filter(pk=admin_id).update(last_seq=F("last_seq") + 1)
    seq = JobFeed.objects.values_list("last_seq", flat=True).get(pk=admin_id)
    JobEvent.objects.create(admin_id=admin_id, seq=seq, generation=generation, kind=kind, data=data)
    transaction.on_commit(partial(notices.publish, job_topic(generation.pk), person_topic(admin_id)))


def read_events(
    *, admin_id: int, after: int, generation_id: UUID | None = None, limit: int = 200
) -> Sequence[JobEvent]:
    """The events of one person's feed after number `after`, oldest first; of one job, or of all."""
    rows = JobEvent.objects.filter(admin_id=admin_id, seq__gt=after).order_by("seq")
    if generation_id is not None:
        rows = rows.filter(generation_id=generation_id)
    return list(rows[:limit])


def last_number(*, admin_id: int) -> int:
    """Of the person's newest event; 0 if there was none."""
    return JobFeed.objects.filter(pk=admin_id).values_list("last_seq", flat=True).first() or 0


def sweep_events() -> int:
    """Remove events older than `EVENTS_LIFETIME`; the jobs themselves tell how they ended."""
    removed, _by_model = JobEvent.objects.filter(created_at__lt=timezone.now() - EVENTS_LIFETIME).delete()
    return removed
