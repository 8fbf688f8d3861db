"""A job as an answer."""

from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from src.ai.models import ImageGeneration
from src.ai.services.job_actions import find_job
from src.ai.services.job_answers import describe_job
from src.core.envelope import success

ASK_AGAIN_S = "2"


def answer_with_job(*, request: Request, generation_id: UUID) -> Response:
    """202 while it runs, with the address to ask at; 200 if it has ended meanwhile."""
    job = find_job(generation_id=generation_id, user=request.user)
    return accept_job(request, job)


def accept_job(request: Request, job: ImageGeneration) -> Response:
    code = "job_ended" if job.is_finished else "job_accepted"
    response = success(code, describe_job(job, request.user), status=200 if job.is_finished else 202)
    response["Location"] = reverse("job-detail", kwargs={"generation_id": job.pk})
    if not job.is_finished:
        response["Retry-After"] = ASK_AGAIN_S
    return response
