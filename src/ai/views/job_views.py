"""Jobs: how they stand, and what can be done with them."""

from typing import Any
from uuid import UUID

from adrf import viewsets as async_viewsets
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import AiImageManagerAccess
from src.ai.filters import JobFilter
from src.ai.models import ImageGeneration
from src.ai.pagination import JobPagination
from src.ai.serializers.job_serializer import EmptySerializer, JobSerializer, RetrySerializer
from src.ai.services.job_actions import cancel_job, decide_unclear, find_job, visible_jobs
from src.ai.services.job_answers import JOB_RELATIONS, describe_job
from src.ai.services.job_retries import retry_job
from src.ai.views.job_answers import answer_with_job
from src.ai.views.preferences import IDEMPOTENCY_HEADER, read_idempotency_key
from src.ai.views.scoped import ScopedView
from src.core import db
from src.core.envelope import success
from src.core.schema import envelope_of
from src.core.token_scopes import IMAGES


class JobViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = ImageGeneration.objects.none()
    serializer_class = JobSerializer
    permission_classes = [AiImageManagerAccess]
    pagination_class = JobPagination
    filterset_class = JobFilter
    required_scope = IMAGES

    @extend_schema(responses=envelope_of(JobSerializer, paged=True))
    def list(self, request: Request) -> Response:
        """One's own jobs, the newest first; for super admins all."""
        rows = self.filter_queryset(visible_jobs(request.user)).prefetch_related(*JOB_RELATIONS)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([describe_job(job, request.user) for job in page or []])

    @extend_schema(responses=envelope_of(JobSerializer))
    def retrieve(self, request: Request, generation_id: UUID) -> Response:
        """A job as it stands."""
        return success("ok", describe_job(find_job(generation_id=generation_id, user=request.user), request.user))

    @extend_schema(request=EmptySerializer, responses=envelope_of(JobSerializer))
    def cancel(self, request: Request, generation_id: UUID) -> Response:
        """Call off what was not sent yet; that costs nothing."""
        _read_nothing(request)
        job = cancel_job(generation_id=generation_id, user=request.user)
        return success("job_cancelled" if job.is_finished else "job_cancelling", describe_job(job, request.user))

    @extend_schema(request=EmptySerializer, responses=envelope_of(JobSerializer))
    def settle(self, request: Request, generation_id: UUID) -> Response:
        """Decide that an unclear end was charged: what was held for it is booked."""
        _read_nothing(request)
        job = decide_unclear(generation_id=generation_id, user=request.user, was_charged=True)
        return success("job_settled", describe_job(job, request.user))

    @extend_schema(request=EmptySerializer, responses=envelope_of(JobSerializer))
    def release(self, request: Request, generation_id: UUID) -> Response:
        """Decide that an unclear end was not charged: what was held for it is given back."""
        _read_nothing(request)
        job = decide_unclear(generation_id=generation_id, user=request.user, was_charged=False)
        return success("job_released", describe_job(job, request.user))


class JobRetryViewSet(ScopedView, async_viewsets.GenericViewSet):
    queryset = ImageGeneration.objects.none()
    serializer_class = JobSerializer
    permission_classes = [AiImageManagerAccess]
    filter_backends: list[Any] = []
    required_scope = IMAGES

    @extend_schema(
        parameters=[IDEMPOTENCY_HEADER],
        request=RetrySerializer,
        responses={200: envelope_of(JobSerializer), 202: envelope_of(JobSerializer)},
    )
    async def retry(self, request: Request, generation_id: UUID) -> Response:
        """Ask again for what did not come, as a new job that is paid for anew."""
        serializer = RetrySerializer(data=request.data or {})
        serializer.is_valid(raise_exception=True)
        job = await retry_job(
            generation_id=generation_id,
            user=request.user,
            accepts_second_charge=serializer.validated_data["accept_second_charge"],
            idempotency_key=read_idempotency_key(request),
        )
        response = await db.run(answer_with_job, request=request, generation_id=job.generation_id)
        if job.is_replay:
            response["Idempotency-Replayed"] = "true"
        return response


def _read_nothing(request: Request) -> None:
    EmptySerializer(data=request.data or {}).is_valid(raise_exception=True)
