"""Generating pictures; waiting for a provider holds no thread."""

from typing import Any

from adrf import viewsets
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import AiImageManagerAccess
from src.ai.filters import UsableModelFilter
from src.ai.models import AIModel
from src.ai.pagination import ModelPagination
from src.ai.serializers.image_generation_serializer import (
    AIImageEditJsonSerializer,
    AIImageEditRequestSerializer,
    AIImageGenerationRequestSerializer,
    EstimateRequestSerializer,
    GenerationSerializer,
    plain_values,
)
from src.ai.serializers.job_serializer import JobSerializer
from src.ai.serializers.model_serializer import UsableModelSerializer
from src.ai.serializers.report_serializers import EstimateSerializer
from src.ai.services.edit_inputs import EditSources
from src.ai.services.estimate import estimate_generation
from src.ai.services.image_generation_service import submit, wait_for_answer
from src.ai.services.image_order import ImageOrder
from src.ai.services.model_service import list_usable_models
from src.ai.views.image_provider_views import AIImageProviderViewSet
from src.ai.views.job_answers import answer_with_job
from src.ai.views.preferences import (
    IDEMPOTENCY_HEADER,
    PREFER_HEADER,
    REPLAYED,
    read_idempotency_key,
    read_preferences,
)
from src.ai.views.scoped import ScopedView
from src.core import db
from src.core.envelope import success
from src.core.errors import AppError
from src.core.parsers import JSONParser, MultiPartParser
from src.core.schema import FailureSerializer, envelope_of
from src.core.token_scopes import IMAGES, MEDIA_READ, check_token_scope

__all__ = ["AIImageGenerationViewSet", "AIImageProviderViewSet"]


class AIImageGenerationViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = AIModel.objects.none()
    serializer_class = UsableModelSerializer
    permission_classes = [AiImageManagerAccess]
    pagination_class = ModelPagination
    filterset_class = UsableModelFilter
    required_scope = IMAGES

    @extend_schema(  # type: ignore[type-var]
        parameters=[IDEMPOTENCY_HEADER, PREFER_HEADER],
        request=AIImageGenerationRequestSerializer,
        responses={
            200: envelope_of(GenerationSerializer),
            201: envelope_of(GenerationSerializer),
            202: envelope_of(JobSerializer),
            (400, "application/json"): FailureSerializer,
        },
    )
    @action(detail=False, methods=["post"], url_path="generate")
    async def generate_image(self, request: Request) -> Response:
        """Generate pictures, and save them in the library unless `save_to_media` is false.

        202 with the job where that is asked for, or where the pictures take longer than a request may last.
        """
        serializer = AIImageGenerationRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = serializer.to_order(request.user, idempotency_key=read_idempotency_key(request))
        return await _run(request, order, None, waits=serializer.validated_data["wait"])

    @extend_schema(  # type: ignore[type-var]
        parameters=[IDEMPOTENCY_HEADER, PREFER_HEADER],
        request={
            "multipart/form-data": AIImageEditRequestSerializer,
            "application/json": AIImageEditJsonSerializer,
        },
        responses={
            200: envelope_of(GenerationSerializer),
            201: envelope_of(GenerationSerializer),
            202: envelope_of(JobSerializer),
            (400, "application/json"): FailureSerializer,
        },
    )
    @action(detail=False, methods=["post"], url_path="edit", parser_classes=[MultiPartParser, JSONParser])
    async def edit_image(self, request: Request) -> Response:
        """Make pictures from others: uploads of a form, pictures of the library, or both. 202 as generating."""
        order, sources, waits = await db.run_with_files(_read_edit, request=request)
        return await _run(request, order, sources, waits=waits)

    @extend_schema(request=EstimateRequestSerializer, responses=envelope_of(EstimateSerializer))  # type: ignore[type-var]
    @action(detail=False, methods=["post"], url_path="estimate")
    async def estimate(self, request: Request) -> Response:
        """What such a request would cost, with which key, and whether it would pass. Nobody is asked."""
        serializer = EstimateRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        references = serializer.validated_data["reference_images"]
        order = serializer.to_order(request.user)
        return success("ok", await db.run(estimate_generation, order=order, reference_images=references))

    @extend_schema(responses=envelope_of(UsableModelSerializer, paged=True))  # type: ignore[type-var]
    @action(detail=False, methods=["get"], url_path="models")
    async def available_models(self, request: Request) -> Response:
        """The image models that this person may use now."""
        return await db.run(self._list_models, request=request)

    def _list_models(self, request: Request) -> Response:
        rows, states = list_usable_models(admin=request.user)
        page = self.paginate_queryset(self.filter_queryset(rows))
        data = UsableModelSerializer(page, many=True, context={"states": states}).data
        return self.get_paginated_response(data)


async def _run(request: Request, order: ImageOrder, sources: EditSources | None, *, waits: bool) -> Response:
    preferences = read_preferences(request)
    job = await submit(order=order, sources=sources)
    data, headers = None, {**REPLAYED} if job.is_replay else {}
    headers |= preferences.as_headers()
    try:
        if waits and preferences.waits:
            data = await wait_for_answer(job, wait_s=preferences.wait_s)
    except AppError as exc:
        exc.headers |= headers
        raise
    if data is None:
        response = await db.run(answer_with_job, request=request, generation_id=job.generation_id)
    else:
        response = _answer(data, is_saved=order.save_to_media)
    for name, value in headers.items():
        response[name] = value
    return response


def _read_edit(*, request: Request) -> tuple[ImageOrder, EditSources, bool]:
    if isinstance(request.data, QueryDict):
        serializer = AIImageEditRequestSerializer(data=plain_values(request.data))
    else:
        serializer = AIImageEditJsonSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    sources = serializer.to_sources()
    if sources.asset_ids or sources.mask_asset_id:
        check_token_scope(request, MEDIA_READ)
    order = serializer.to_order(request.user, idempotency_key=read_idempotency_key(request))
    return order, sources, serializer.validated_data["wait"]


def _answer(data: dict[str, Any], *, is_saved: bool) -> Response:
    code = "image_generated_and_saved" if is_saved else "image_generated"
    if data["failures"]:
        code = "image_partly_generated"
    return success(code, data, status=201 if is_saved else 200)
