"""Providers: what super admins set up, and what AI managers may see of it."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import AiManagerAccess, SuperAdminOnly
from src.ai.models import AIProvider
from src.ai.serializers.image_generation_serializer import (
    AIProviderCreateSerializer,
    AIProviderListSerializer,
    AIProviderSerializer,
)
from src.ai.serializers.report_serializers import (
    AvailableProviderSerializer,
    KeyVerdictSerializer,
    OpenRouterListingSerializer,
    ProviderCapabilitiesSerializer,
    SyncReportSerializer,
    SyncRequestSerializer,
)
from src.ai.services import openrouter_catalogue
from src.ai.services.key_check import find_provider, validate_shared_key
from src.ai.services.model_sync import sync_models
from src.ai.services.provider_reports import describe_capabilities, list_available_providers
from src.ai.services.provider_service import (
    SavedProvider,
    activate_provider,
    create_or_update_provider,
    deactivate_provider,
    update_provider,
)
from src.ai.views.scoped import ScopedView
from src.core.envelope import success
from src.core.errors import InvalidFields
from src.core.schema import NOTHING, envelope_of
from src.core.serializers import take_no_fields
from src.core.token_scopes import IMAGES

FOR_AI_MANAGERS = ("get_capabilities", "available_providers", "openrouter_models")


class AIImageProviderViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = AIProvider.objects.all()
    serializer_class = AIProviderSerializer
    pagination_class = None
    filter_backends: list[Any] = []
    lookup_value_regex = "[0-9]{1,18}"
    scope_by_action = dict.fromkeys(FOR_AI_MANAGERS, IMAGES)

    def get_permissions(self) -> list[Any]:
        return [AiManagerAccess() if self.action in FOR_AI_MANAGERS else SuperAdminOnly()]

    @extend_schema(responses=envelope_of(AIProviderListSerializer, many=True))
    def list(self, request: Request) -> Response:
        """All providers, without their keys."""
        rows = AIProvider.objects.with_model_counts()
        return success("ok", AIProviderListSerializer(rows, many=True).data)

    @extend_schema(
        request=AIProviderCreateSerializer(partial=True),
        responses={200: envelope_of(AIProviderSerializer), 201: envelope_of(AIProviderSerializer)},
    )
    def create(self, request: Request) -> Response:
        """Add a provider, or change the one with the same slug. A new one needs `name` and `adapter`."""
        serializer = AIProviderCreateSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields, key = serializer.split()
        if "slug" not in fields:
            raise InvalidFields.one("slug", "required")
        slug = fields.pop("slug")
        saved = create_or_update_provider(slug=slug, changes=fields, key=key, actor=request.user)
        return self._answer(saved)

    @extend_schema(responses=envelope_of(AIProviderSerializer))
    def retrieve(self, request: Request, pk: str) -> Response:
        """One provider, its key masked."""
        return success("ok", AIProviderSerializer(find_provider(int(pk))).data)

    @extend_schema(request=AIProviderSerializer(partial=True), responses=envelope_of(AIProviderSerializer))
    def update(self, request: Request, pk: str) -> Response:
        """Change any fields. A new `shared_api_key` is checked; `***…` or null leaves it, "" removes it."""
        serializer = AIProviderSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields, key = serializer.split()
        return self._answer(update_provider(provider_id=int(pk), changes=fields, key=key, actor=request.user))

    @extend_schema(request=AIProviderSerializer(partial=True), responses=envelope_of(AIProviderSerializer))
    def partial_update(self, request: Request, pk: str) -> Response:
        """As PUT."""
        return self.update(request, pk)

    @extend_schema(
        parameters=[OpenApiParameter("provider", str, description="One provider's slug.")],
        responses=envelope_of(ProviderCapabilitiesSerializer, many=True),
    )
    @action(detail=False, methods=["get"], url_path="capabilities")
    def get_capabilities(self, request: Request) -> Response:
        """What each provider's adapter and active models can do."""
        slug = request.query_params.get("provider")
        return success("ok", describe_capabilities(provider_slug=slug))

    @extend_schema(responses=envelope_of(AvailableProviderSerializer, many=True))
    @action(detail=False, methods=["get"], url_path="available")
    def available_providers(self, request: Request) -> Response:
        """The active providers that this person could use: with which key, or what it would take."""
        return success("ok", list_available_providers(admin=request.user))

    @extend_schema(
        parameters=[OpenApiParameter("use_cache", bool, description="false reads OpenRouter anew.")],
        responses=envelope_of(OpenRouterListingSerializer),
    )
    @action(detail=False, methods=["get"], url_path="openrouter-models")
    def openrouter_models(self, request: Request) -> Response:
        """OpenRouter's image models with prices, at most six hours old unless OpenRouter does not answer."""
        use_cache = request.query_params.get("use_cache", "true").lower()
        if use_cache not in ("true", "false", "1", "0"):
            raise InvalidFields.one("use_cache", "not_boolean")
        listing = openrouter_catalogue.list_openrouter_models(use_cache=use_cache in ("true", "1"))
        code = "openrouter_models_stale" if listing.is_stale else "openrouter_models_listed"
        return success(code, asdict(listing))

    @extend_schema(request=None, responses=NOTHING)
    @action(detail=False, methods=["post"], url_path="clear-openrouter-cache")
    def clear_openrouter_cache(self, request: Request) -> Response:
        """Forget the stored list of OpenRouter's models."""
        take_no_fields(request)
        openrouter_catalogue.clear_openrouter_cache()
        return success("openrouter_cache_cleared")

    @extend_schema(request=None, responses=envelope_of(AIProviderSerializer))
    @action(detail=True, methods=["post"], url_path="activate")
    def activate_provider(self, request: Request, pk: str) -> Response:
        """Switch on, once the service has taken the key."""
        take_no_fields(request)
        return self._answer(activate_provider(provider_id=int(pk), actor=request.user))

    @extend_schema(request=None, responses=envelope_of(AIProviderSerializer))
    @action(detail=True, methods=["post"], url_path="deactivate")
    def deactivate_provider(self, request: Request, pk: str) -> Response:
        """Switch off."""
        take_no_fields(request)
        return self._answer(deactivate_provider(provider_id=int(pk), actor=request.user))

    @extend_schema(request=None, responses=envelope_of(KeyVerdictSerializer))
    @action(detail=True, methods=["post"], url_path="validate-api-key")
    def validate_api_key(self, request: Request, pk: str) -> Response:
        """Ask the service whether it takes the stored key; costs nothing."""
        take_no_fields(request)
        verdict = validate_shared_key(provider_id=int(pk), actor=request.user)
        return success(verdict.code, asdict(verdict))

    @extend_schema(request=SyncRequestSerializer, responses=envelope_of(SyncReportSerializer))
    @action(detail=True, methods=["post"], url_path="sync-models")
    def sync_models(self, request: Request, pk: str) -> Response:
        """Bring the models in line with the service's own list; `dry_run` only says what would change."""
        serializer = SyncRequestSerializer(data=request.data or {})
        serializer.is_valid(raise_exception=True)
        dry_run = serializer.validated_data["dry_run"]
        report = sync_models(provider_id=int(pk), actor=request.user, dry_run=dry_run)
        return success("models_compared" if dry_run else "models_synced", asdict(report))

    def _answer(self, saved: SavedProvider) -> Response:
        data = AIProviderSerializer(saved.provider).data
        return success(saved.code, data, status=201 if saved.is_new else 200)
