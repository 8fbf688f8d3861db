"""A generation's record and its unsaved pictures, for their owner."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import AiImageManagerAccess
from src.ai.models import ImageGeneration
from src.ai.serializers.image_generation_serializer import GenerationSerializer, SaveResultsSerializer
from src.ai.services.generation_answers import describe_generation
from src.ai.services.generation_results import find_own_generation, open_unsaved_result, save_results
from src.ai.views.scoped import ScopedView
from src.core.envelope import success
from src.core.file_answers import FileNegotiation, answer_with_file
from src.core.schema import envelope_of
from src.core.token_scopes import IMAGES


class GenerationRecordViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = ImageGeneration.objects.none()
    serializer_class = GenerationSerializer
    permission_classes = [AiImageManagerAccess]
    filter_backends: list[Any] = []
    required_scope = IMAGES

    @extend_schema(responses=envelope_of(GenerationSerializer))
    def retrieve(self, request: Request, generation_id: UUID) -> Response:
        """One's own generation."""
        generation = find_own_generation(generation_id=generation_id, admin=request.user)
        return success("ok", describe_generation(generation))

    @extend_schema(request=SaveResultsSerializer, responses={201: envelope_of(GenerationSerializer)})
    def save(self, request: Request, generation_id: UUID) -> Response:
        """Save pictures of a generation in the library after all."""
        serializer = SaveResultsSerializer(data=request.data or {})
        serializer.is_valid(raise_exception=True)
        changes = dict(serializer.validated_data)
        index = changes.pop("index", None)
        generation = save_results(generation_id=generation_id, admin=request.user, index=index, changes=changes)
        return success("image_saved", describe_generation(generation), status=201)


class GenerationResultViewSet(FileNegotiation, ScopedView, viewsets.GenericViewSet):
    queryset = ImageGeneration.objects.none()
    permission_classes = [AiImageManagerAccess]
    required_scope = IMAGES

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def result(self, request: Request, generation_id: UUID, index: int) -> HttpResponseBase:
        """A picture that was not saved; it is kept for a day."""
        output, file = open_unsaved_result(generation_id=generation_id, index=index, admin=request.user)
        return answer_with_file(
            request,
            file,
            size_bytes=output.size_bytes,
            mime_type=output.mime_type,
            etag=output.sha256,
            filename=f"{generation_id}-{index}.{output.inbox_path.rsplit('.', 1)[-1]}",
        )
