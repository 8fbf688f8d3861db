"""What a person does with a job: look, call it off, decide an unclear end."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from src.ai.models import (
    Charged,
    CostSource,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.services.call_costs import total_of
from src.ai.services.job_errors import JobCancelled
from src.ai.services.job_events import note_state
from src.ai.services.settlement import book, cost_of_row, count_cost, end_without_cost
from src.ai.services.tickets import latest_calls
from src.core.audit import record
from src.core.errors import Conflict, Forbidden, NotFound


def visible_jobs(user: Any) -> QuerySet[ImageGeneration]:
    """A person's own; all of them for a super admin."""
    rows = ImageGeneration.objects.select_related("admin", "provider", "model")
    return rows if user.is_superuser else rows.filter(admin=user)


def find_job(*, generation_id: UUID, user: Any) -> ImageGeneration:
    """Raises NotFound, also for somebody else's."""
    job = visible_jobs(user).filter(pk=generation_id).first()
    if job is None:
        raise NotFound
    return job


def _lock_job(generation_id: UUID, user: Any) -> ImageGeneration:
    find_job(generation_id=generation_id, user=user)
    return (
        ImageGeneration.objects.select_for_update(of=("self",))
        .select_related("provider", "model", "admin")
        .get(pk=generation_id)
    )


@transaction.atomic
def cancel_job(*, generation_id: UUID, user: Any) -> ImageGeneration:
    """Call off what was not sent yet. A job that waits ends at once and costs nothing; one that runs ends when its
    runner comes to the next sending. Raises NotFound, Conflict(job_has_ended, job_is_sent)."""
    job = _lock_job(generation_id, user)
    if job.is_finished:
        raise Conflict("job_has_ended", facts=facts_of(job))
    calls = latest_calls(job)
    if all(call.status != ProviderCallStatus.PREPARED for call in calls):
        raise Conflict("job_is_sent", facts=facts_of(job))
    job.cancel_requested_at = job.cancel_requested_at or timezone.now()
    is_untouched = all(call.sent_at is None for call in calls) and calls[0].attempt == 1
    if job.status == GenerationStatus.RUNNING or not is_untouched:
        job.save(update_fields=["cancel_requested_at"])
        note_state(job)
    else:
        end_without_cost(job, JobCancelled(), status=GenerationStatus.CANCELLED)
    if user != job.admin:
        record("job.cancelled", actor=user, object_type="job", object_id=str(job.pk), object_label=job.admin.username)
    return job


@transaction.atomic
def decide_unclear(*, generation_id: UUID, user: Any, was_charged: bool) -> ImageGeneration:
    """Settle an unclear end as charged, at what was held for it, or give that back.

    A super admin decides both; the owner may settle, and may give back what an own key paid for. Raises NotFound,
    Forbidden, Conflict(nothing_unclear).
    """
    job = _lock_job(generation_id, user)
    if not (user.is_superuser or was_charged or job.key_source == "personal"):
        raise Forbidden("permission_denied")
    if not job.is_finished or job.charged != Charged.UNKNOWN:
        raise Conflict("nothing_unclear", facts=facts_of(job))
    decided = Charged.YES if was_charged else Charged.NO
    unclear = ProviderCall.objects.filter(generation=job, charged=Charged.UNKNOWN)
    values = {"brought": F("asked")} if was_charged else {"cost_micros": None}
    unclear.update(charged=decided, status=ProviderCallStatus.FAILED, **values)
    calls = latest_calls(job)
    costs = [cost_of_row(call) for call in calls]
    total = total_of(costs)
    book(job, calls, costs, total)
    before, counted_micros = {"charged": job.charged, "status": job.status}, job.cost_micros or 0
    job.charged = total.charged
    job.cost_micros = total.micros if total.charged == Charged.YES else None
    job.cost_source = total.source if job.cost_micros is not None else CostSource.UNKNOWN
    job.failures = [
        {**each, "charged": decided if each["charged"] == Charged.UNKNOWN else each["charged"]} for each in job.failures
    ]
    if job.status == GenerationStatus.UNKNOWN:
        job.status = GenerationStatus.FAILED
    job.save()
    count_cost(job, micros=(job.cost_micros or 0) - counted_micros)
    record(
        "job.settled" if was_charged else "job.released",
        actor=user,
        object_type="job",
        object_id=str(job.pk),
        object_label=job.admin.username,
        before=before,
        after={"charged": job.charged, "status": job.status},
    )
    note_state(job)
    return job


def facts_of(job: ImageGeneration) -> dict[str, str]:
    """What an error about a job tells of it."""
    return {"generation_id": str(job.pk), "status": job.status, "charged": job.charged}
