"""A provider's models, entered and changed by super admins."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import SuperAdminOnly
from src.ai.models import AIModel
from src.ai.pagination import ModelPagination
from src.ai.serializers.model_serializer import AIModelSerializer
from src.ai.services.key_check import find_provider
from src.ai.services.model_service import create_model, update_model
from src.ai.views.scoped import ScopedView
from src.core.envelope import success
from src.core.schema import envelope_of


class AIProviderModelViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = AIModel.objects.none()
    serializer_class = AIModelSerializer
    permission_classes = [SuperAdminOnly]
    pagination_class = ModelPagination
    filter_backends: list[Any] = []

    @extend_schema(responses=envelope_of(AIModelSerializer, paged=True))
    def list(self, request: Request, provider_pk: int) -> Response:
        """The provider's models, active or not."""
        rows = AIModel.objects.filter(provider=find_provider(provider_pk))
        return self.get_paginated_response(AIModelSerializer(self.paginate_queryset(rows), many=True).data)

    @extend_schema(responses={201: envelope_of(AIModelSerializer)})
    def create(self, request: Request, provider_pk: int) -> Response:
        """Add a model by hand."""
        serializer = AIModelSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        model = create_model(provider_id=provider_pk, values=serializer.validated_data, actor=request.user)
        return success("model_created", AIModelSerializer(model).data, status=201)

    @extend_schema(responses=envelope_of(AIModelSerializer))
    def partial_update(self, request: Request, provider_pk: int, pk: int) -> Response:
        """Change any fields of a model."""
        serializer = AIModelSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        model = update_model(provider_id=provider_pk, model_pk=pk, values=serializer.validated_data, actor=request.user)
        return success("model_updated", AIModelSerializer(model).data)
