"""Asking again for what a job did not bring: a new job, with today's access and prices."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from src.ai.models import Charged, GenerationStatus, ImageGeneration
from src.ai.providers.contract import ImageParams
from src.ai.services.edit_inputs import EditSources
from src.ai.services.image_generation_service import Job, submit
from src.ai.services.image_order import ImageOrder
from src.ai.services.inbox import input_path, read_from_inbox
from src.ai.services.job_actions import facts_of, find_job
from src.ai.services.reservation import IDEMPOTENCY_LIFETIME
from src.core import db
from src.core.errors import Conflict, Forbidden
from src.media.inspection import EXTENSION_BY_MIME


async def retry_job(*, generation_id: UUID, user: Any, accepts_second_charge: bool, idempotency_key: str | None) -> Job:
    """Submit an ended job of one's own anew; of one that brought pictures, only what is missing.

    Raises NotFound, Forbidden(not_your_job), Conflict(job_not_ended, job_has_succeeded, charge_unclear, inputs_gone),
    and what `submit` raises.
    """
    job = await db.run(_find_own, generation_id=generation_id, user=user)
    if idempotency_key and (earlier := await db.run(_find_earlier, job=job, idempotency_key=idempotency_key)):
        return Job(generation_id=earlier, is_replay=True)
    order = _order_again(job, user, accepts_second_charge, idempotency_key)
    sources = await db.run_with_files(_read_inputs, job=job)
    return await submit(order=order, sources=sources)


def _find_own(*, generation_id: UUID, user: Any) -> ImageGeneration:
    job = find_job(generation_id=generation_id, user=user)
    if job.admin_id != user.pk:
        raise Forbidden("not_your_job")
    return job


def _find_earlier(*, job: ImageGeneration, idempotency_key: str) -> UUID | None:
    """What the same request made already, however the job stands by now."""
    since = timezone.now() - IDEMPOTENCY_LIFETIME
    rows = job.retries.filter(admin_id=job.admin_id, idempotency_key=idempotency_key, created_at__gte=since)
    return rows.values_list("pk", flat=True).first()


def _order_again(
    job: ImageGeneration, user: Any, accepts_second_charge: bool, idempotency_key: str | None
) -> ImageOrder:
    if not job.is_finished:
        raise Conflict("job_not_ended", facts=facts_of(job))
    if job.charged == Charged.UNKNOWN and not accepts_second_charge:
        raise Conflict("charge_unclear", facts=facts_of(job))
    is_partial = job.status == GenerationStatus.SUCCEEDED
    if is_partial and not job.failures:
        raise Conflict("job_has_succeeded", facts=facts_of(job))
    params = ImageParams(prompt=job.prompt, **job.params_asked)
    if is_partial:
        params = _missing_of(params, [each["index"] for each in job.failures])
    return ImageOrder(
        admin=user,
        params=params,
        model_id=job.model_id,
        save_to_media=job.save_to_media,
        title=job.title,
        alt_text=job.alt_text,
        visibility=job.visibility,
        idempotency_key=idempotency_key,
        retry_of=job,
    )


def _missing_of(params: ImageParams, indexes: Sequence[int]) -> ImageParams:
    """So many pictures as are missing. Seeds count on by index: those of the missing ones are had only if they follow
    each other, else the pictures get seeds of their own."""
    if params.seed is None:
        return replace(params, n=len(indexes))
    is_in_a_row = list(indexes) == list(range(indexes[0], indexes[0] + len(indexes)))
    return replace(params, n=len(indexes), seed=params.seed + indexes[0] if is_in_a_row else None)


def _read_inputs(*, job: ImageGeneration) -> EditSources | None:
    """The pictures of an edit, as they were sent the first time. Raises Conflict(inputs_gone)."""
    references: Sequence[dict[str, Any]] = job.inputs.get("references", [])
    if not references:
        return None
    mask = job.inputs.get("mask")
    contents = [_read_input(job, index, each) for index, each in enumerate([*references, *([mask] if mask else [])])]
    uploads = contents[: len(references)]
    return EditSources(uploads=tuple(uploads), mask_upload=contents[-1] if mask else None)


def _read_input(job: ImageGeneration, index: int, described: dict[str, Any]) -> bytes:
    content = read_from_inbox(input_path(job.pk, index, EXTENSION_BY_MIME[described["mime_type"]]))
    if content is None:
        raise Conflict("inputs_gone", facts=facts_of(job))
    return content
