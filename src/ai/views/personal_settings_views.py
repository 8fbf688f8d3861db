"""A person's own settings at the providers; limits are the super admins'."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.permissions import AiImageManagerAccess, SuperAdminOnly
from src.ai.models import AdminProviderSettings
from src.ai.serializers.personal_settings_serializer import (
    PersonalLimitsChangeSerializer,
    PersonalLimitsSerializer,
    PersonalSettingsChangeSerializer,
    PersonalSettingsSerializer,
)
from src.ai.serializers.report_serializers import KeyVerdictSerializer
from src.ai.services.personal_settings import (
    change_limits,
    change_settings,
    find_limits,
    find_settings,
    list_settings_of,
    validate_personal_key,
)
from src.ai.services.settings_answers import describe_limits, describe_settings
from src.ai.views.scoped import ScopedView
from src.core.envelope import success
from src.core.schema import envelope_of
from src.core.serializers import take_no_fields
from src.core.token_scopes import SETTINGS


class PersonalSettingsViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = AdminProviderSettings.objects.none()
    serializer_class = PersonalSettingsSerializer
    permission_classes = [AiImageManagerAccess]
    pagination_class = None
    filter_backends: list[Any] = []
    required_scope = SETTINGS

    @extend_schema(responses=envelope_of(PersonalSettingsSerializer, many=True))
    def list(self, request: Request) -> Response:
        """One's own settings at every provider one could use or has used, with this month's use."""
        rows = list_settings_of(admin=request.user)
        return success("ok", describe_settings(rows, admin=request.user))

    @extend_schema(responses=envelope_of(PersonalSettingsSerializer))
    def retrieve(self, request: Request, provider_id: int) -> Response:
        """One's own settings at one provider."""
        own = find_settings(provider_id=provider_id, admin=request.user)
        return success("ok", describe_settings([own], admin=request.user)[0])

    @extend_schema(request=PersonalSettingsChangeSerializer, responses=envelope_of(PersonalSettingsSerializer))
    def partial_update(self, request: Request, provider_id: int) -> Response:
        """Change one's own key and preferences. A new key is checked with the service, at no cost."""
        serializer = PersonalSettingsChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        preferences, key = serializer.split()
        saved = change_settings(provider_id=provider_id, admin=request.user, preferences=preferences, key=key)
        return success(saved.code, describe_settings([saved.own], admin=request.user)[0])

    @extend_schema(request=None, responses=envelope_of(KeyVerdictSerializer))
    def validate_api_key(self, request: Request, provider_id: int) -> Response:
        """Ask the service whether it takes one's own stored key; costs nothing."""
        take_no_fields(request)
        verdict = validate_personal_key(provider_id=provider_id, admin=request.user)
        return success(verdict.code, asdict(verdict))


class PersonalLimitsViewSet(ScopedView, viewsets.GenericViewSet):
    queryset = AdminProviderSettings.objects.none()
    serializer_class = PersonalLimitsSerializer
    permission_classes = [SuperAdminOnly]
    pagination_class = None
    filter_backends: list[Any] = []
    required_scope = SETTINGS

    @extend_schema(responses=envelope_of(PersonalLimitsSerializer))
    def retrieve(self, request: Request, provider_id: int, user_id: int) -> Response:
        """A person's limits and use at one provider."""
        own = find_limits(provider_id=provider_id, person_id=user_id)
        return success("ok", describe_limits(own))

    @extend_schema(request=PersonalLimitsChangeSerializer, responses=envelope_of(PersonalLimitsSerializer))
    def partial_update(self, request: Request, provider_id: int, user_id: int) -> Response:
        """Set a person's limits on the shared key; null is no limit."""
        serializer = PersonalLimitsChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        limits = dict(serializer.validated_data)
        own = change_limits(provider_id=provider_id, person_id=user_id, limits=limits, actor=request.user)
        return success("limits_saved", describe_limits(own))
