"""A job as the API tells it: the generation's record, with its moments and what can be done with it."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from src.ai.models import Charged, GenerationStatus, ImageGeneration, ProviderCallStatus
from src.ai.services.generation_answers import describe_generation
from src.ai.services.job_errors import error_of
from src.core.errors import InvalidFields
from src.core.messages import text_for

CODE_BY_STATUS: dict[str, str] = {
    GenerationStatus.RESERVED: "job_reserved",
    GenerationStatus.QUEUED: "job_queued",
    GenerationStatus.RUNNING: "job_running",
    GenerationStatus.SUCCEEDED: "job_succeeded",
    GenerationStatus.REFUSED: "job_refused",
    GenerationStatus.FAILED: "job_failed",
    GenerationStatus.UNKNOWN: "job_unknown",
    GenerationStatus.CANCELLED: "job_cancelled",
}
JOB_RELATIONS = ("outputs__asset", "calls")
"""What a list of jobs reads beforehand."""


def describe_job(job: ImageGeneration, user: Any) -> dict[str, Any]:
    """`data` of a job. `actions` are what this person may do with it now: cancel, retry, settle, release."""
    return {
        "id": str(job.pk),
        **describe_generation(job),
        "message": message_of(job),
        "owner": {"id": job.admin_id, "name": job.admin.get_username()},
        "is_finished": job.is_finished,
        "cancel_requested": job.cancel_requested_at is not None,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at and job.started_at.isoformat(),
        "finished_at": job.finished_at and job.finished_at.isoformat(),
        "not_before": job.not_before and job.not_before.isoformat(),
        "retry_of": job.retry_of_id and str(job.retry_of_id),
        "actions": actions_of(job, user),
        "events_url": reverse("job-events", kwargs={"generation_id": job.pk}),
    }


def message_of(job: ImageGeneration) -> str:
    """In words: how it stands, or why it ended without a picture."""
    if job.error_code and job.is_finished:
        error = error_of(job)
        return text_for(error.code, **({} if isinstance(error, InvalidFields) else error.params))
    return text_for(CODE_BY_STATUS[job.status])


def actions_of(job: ImageGeneration, user: Any) -> Sequence[str]:
    found = []
    is_own = job.admin_id == user.pk
    if not job.is_finished:
        can_cancel = any(call.status == ProviderCallStatus.PREPARED for call in job.calls.all())
        return ["cancel"] if can_cancel and job.cancel_requested_at is None else []
    if is_own and (job.status != GenerationStatus.SUCCEEDED or job.failures):
        found.append("retry")
    if job.charged == Charged.UNKNOWN:
        found.append("settle")
        if user.is_superuser or job.key_source == "personal":
            found.append("release")
    return found
