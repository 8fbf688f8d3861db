"""What a person does with a job: look, call it off, ask again, decide an unclear end."""

from dataclasses import replace
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
from src.ai.providers.contract import ImageParams
from src.ai.services.call_costs import total_of
from src.ai.services.edit_inputs import EditSources
from src.ai.services.image_order import ImageOrder
from src.ai.services.inbox import input_path, read_from_inbox
from src.ai.services.job_errors import JobCancelled
from src.ai.services.job_events import note_state
from src.ai.services.settlement import book, cost_of_row, count_cost, end_without_cost
from src.ai.services.tickets import latest_calls
from src.core.audit import record
from src.core.errors import Conflict, Forbidden, NotFound
from src.media.inspection import EXTENSION_BY_MIME


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
        raise Conflict("job_has_ended", facts=_facts(job))
    calls = latest_calls(job)
    if all(call.status != ProviderCallStatus.PREPARED for call in calls):
        raise Conflict("job_is_sent", facts=_facts(job))
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


def order_again(
    *, generation_id: UUID, user: Any, accepts_second_charge: bool, idempotency_key: str | None
) -> tuple[ImageOrder, EditSources | None]:
    """The order of an ended job of one's own, to be submitted anew with today's access and prices.

    Raises NotFound, Conflict(job_not_ended, job_has_succeeded, charge_unclear, inputs_gone).
    """
    job = find_job(generation_id=generation_id, user=user)
    if job.admin_id != user.pk:
        raise Forbidden("not_your_job")
    if not job.is_finished:
        raise Conflict("job_not_ended", facts=_facts(job))
    if job.charged == Charged.UNKNOWN and not accepts_second_charge:
        raise Conflict("charge_unclear", facts=_facts(job))
    if job.status == GenerationStatus.SUCCEEDED and not job.failures:
        raise Conflict("job_has_succeeded", facts=_facts(job))
    order = ImageOrder(
        admin=user,
        params=ImageParams(prompt=job.prompt, **job.params_asked),
        model_id=job.model_id,
        save_to_media=job.save_to_media,
        title=job.title,
        alt_text=job.alt_text,
        visibility=job.visibility,
        idempotency_key=idempotency_key,
        retry_of=job,
    )
    if job.status == GenerationStatus.SUCCEEDED:
        # Only what is missing.
        order = replace(order, params=replace(order.params, n=len(job.failures)))
    return order, _sources_again(job)


def _sources_again(job: ImageGeneration) -> EditSources | None:
    references = job.inputs.get("references", [])
    if not references:
        return None
    mask = job.inputs.get("mask")
    contents = [
        read_from_inbox(input_path(job.pk, index, EXTENSION_BY_MIME[each["mime_type"]]))
        for index, each in enumerate([*references, *([mask] if mask else [])])
    ]
    if None in contents:
        raise Conflict("inputs_gone", facts=_facts(job))
    pictures = [content for content in contents if content is not None]
    if mask:
        return EditSources(uploads=tuple(pictures[:-1]), mask_upload=pictures[-1])
    return EditSources(uploads=tuple(pictures))


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
        raise Conflict("nothing_unclear", facts=_facts(job))
    unclear = ProviderCall.objects.filter(generation=job, charged=Charged.UNKNOWN)
    if was_charged:
        unclear.update(charged=Charged.YES, status=ProviderCallStatus.FAILED, brought=F("asked"))
    else:
        unclear.update(charged=Charged.NO, status=ProviderCallStatus.FAILED, cost_micros=None)
    calls = latest_calls(job)
    costs = [cost_of_row(call) for call in calls]
    total = total_of(costs)
    book(job, calls, costs, total)
    before, counted_micros = {"charged": job.charged, "status": job.status}, job.cost_micros or 0
    job.charged = total.charged
    job.cost_micros = total.micros if total.charged == Charged.YES else None
    job.cost_source = total.source if job.cost_micros is not None else CostSource.UNKNOWN
    job.failures = [
        {**each, "charged": total.charged if each["charged"] == Charged.UNKNOWN else each["charged"]}
        for each in job.failures
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


def _facts(job: ImageGeneration) -> dict[str, str]:
    return {"generation_id": str(job.pk), "status": job.status, "charged": job.charged}
