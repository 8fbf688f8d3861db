"""Generating pictures; waiting for a provider holds no thread."""

from adrf import viewsets
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import AiImageManagerAccess
from src.ai.filters import UsableModelFilter
from src.ai.models import AIModel
from src.ai.pagination import ModelPagination
from src.ai.serializers.image_generation_serializer import (
    AIImageGenerationRequestSerializer,
    GenerationSerializer,
)
from src.ai.serializers.model_serializer import UsableModelSerializer
from src.ai.services.image_generation_service import generate_and_save_to_media, generate_image_only
from src.ai.services.model_service import list_usable_models
from src.ai.views.image_provider_views import AIImageProviderViewSet
from src.ai.views.scoped import ScopedView
from src.core import db
from src.core.envelope import success
from src.core.errors import BadRequest
from src.core.schema import FailureSerializer, envelope_of
from src.core.token_scopes import IMAGES

__all__ = ["AIImageGenerationViewSet", "AIImageProviderViewSet"]


class AIImageGenerationViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = AIModel.objects.none()
    serializer_class = UsableModelSerializer
    permission_classes = [AiImageManagerAccess]
    pagination_class = ModelPagination
    filterset_class = UsableModelFilter
    required_scope = IMAGES

    @extend_schema(  # type: ignore[type-var]
        request=AIImageGenerationRequestSerializer,
        responses={
            200: envelope_of(GenerationSerializer),
            201: envelope_of(GenerationSerializer),
            (400, "application/json"): FailureSerializer,
        },
    )
    @action(detail=False, methods=["post"], url_path="generate")
    async def generate_image(self, request: Request) -> Response:
        """Generate pictures, and save them in the library unless `save_to_media` is false."""
        if "Idempotency-Key" in request.headers:
            raise BadRequest("not_supported_yet", feature="Idempotency-Key")
        serializer = AIImageGenerationRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = serializer.to_order(request.user)
        generate = generate_and_save_to_media if order.save_to_media else generate_image_only
        data = await generate(order=order)
        code = "image_generated_and_saved" if order.save_to_media else "image_generated"
        if data["failures"]:
            code = "image_partly_generated"
        return success(code, data, status=201 if order.save_to_media else 200)

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
