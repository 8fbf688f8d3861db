"""Providers in and out of the API. Keys go in, a mask comes out."""

from typing import Any

from rest_framework import serializers

from src.ai.models import AIProvider, UnknownPricePolicy
from src.ai.serializers.fields import SharedKeyField, SlugField, UrlField, WebsiteField
from src.ai.serializers.json_fields import JsonObjectField
from src.core.serializers import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

MAX_MICROS = 10**15
MAX_JOBS_AT_ONCE = 10_000


class AIProviderSerializer(StrictSerializer):
    """One provider; for writing, any subset of the fields that are not read-only."""

    id = serializers.IntegerField(read_only=True)
    slug = serializers.CharField(read_only=True)
    name = StrictCharField(max_length=100)
    display_name = StrictCharField(max_length=100, allow_blank=True)
    description = StrictCharField(max_length=5000, allow_blank=True)
    website = WebsiteField()
    adapter = StrictCharField(max_length=64)
    api_base_url = UrlField()
    shared_api_key = SharedKeyField(allow_null=True)
    has_shared_api_key = serializers.BooleanField(source="has_key", read_only=True)
    key_status = serializers.CharField(read_only=True)
    key_checked_at = serializers.DateTimeField(read_only=True, allow_null=True)
    key_reason = serializers.CharField(read_only=True)
    is_active = StrictBooleanField()
    allow_personal_keys = StrictBooleanField()
    allow_shared_for_normal_admins = StrictBooleanField()
    allow_private_address = StrictBooleanField()
    monthly_budget_micros = StrictIntegerField(allow_null=True, min_value=0, max_value=MAX_MICROS)
    max_jobs_at_once = StrictIntegerField(allow_null=True, min_value=1, max_value=MAX_JOBS_AT_ONCE)
    unknown_price_policy = serializers.ChoiceField(choices=UnknownPricePolicy.choices)
    config = JsonObjectField()
    sort_order = StrictIntegerField(min_value=-1_000_000, max_value=1_000_000)
    models_count = serializers.IntegerField(read_only=True)
    active_models_count = serializers.IntegerField(read_only=True)
    total_requests = serializers.IntegerField(read_only=True)
    total_images = serializers.IntegerField(read_only=True)
    total_cost_micros = serializers.IntegerField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def split(self) -> tuple[dict[str, Any], Any]:
        """What was sent: the fields, and what is to become of the key."""
        fields = dict(self.validated_data)
        return fields, fields.pop("shared_api_key", None)


class AIProviderCreateSerializer(AIProviderSerializer):
    """As AIProviderSerializer, with the slug that names the provider from then on."""

    slug = SlugField(max_length=64)


class AIProviderListSerializer(serializers.ModelSerializer):
    """A provider in the list: no key at all, only whether there is one."""

    # Blank is no URI, so the column's own kind of field would say too much of it.
    website = serializers.CharField(read_only=True)
    has_shared_api_key = serializers.BooleanField(source="has_key", read_only=True)
    models_count = serializers.IntegerField(read_only=True)
    active_models_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = AIProvider
        fields = (
            "id",
            "slug",
            "name",
            "display_name",
            "description",
            "website",
            "adapter",
            "is_active",
            "has_shared_api_key",
            "key_status",
            "allow_personal_keys",
            "allow_shared_for_normal_admins",
            "monthly_budget_micros",
            "max_jobs_at_once",
            "models_count",
            "active_models_count",
            "total_images",
            "total_cost_micros",
            "last_used_at",
            "sort_order",
        )
        read_only_fields = fields
