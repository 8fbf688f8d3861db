"""Models in and out of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from src.ai.models import AIModel, Capability
from src.ai.serializers.json_fields import ImageSpecField, PricingField
from src.ai.services.model_warnings import describe_warnings
from src.core.errors import InvalidFields
from src.core.serializers import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

MAX_TOKENS = 10**12


@extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Capability.choices)))
class CapabilitiesField(serializers.Field):
    """A list in the API, `{"image": true}` in the row."""

    default_error_messages = {"not_list": "not_list"}

    def to_representation(self, value: dict[str, bool]) -> list[str]:
        return [name for name in Capability.values if value.get(name) is True]

    def to_internal_value(self, data: Any) -> dict[str, bool]:
        if not isinstance(data, list):
            self.fail("not_list")
        for name in data:
            if name not in Capability.values:
                raise InvalidFields.one("capabilities", "unknown_capability", capability=str(name)[:64])
        return dict.fromkeys(data, True)


class WarningSerializer(serializers.Serializer):
    """`shutdown_date` and `replacement` where the service ends the model."""

    code = serializers.ChoiceField(choices=("model_ends_soon", "model_has_ended", "model_vanished"))
    message = serializers.CharField()
    shutdown_date = serializers.DateField(required=False)
    replacement = serializers.CharField(required=False, allow_blank=True)


@extend_schema_field(WarningSerializer(many=True))
class WarningsField(serializers.Field):
    def get_attribute(self, instance: AIModel) -> AIModel:
        return instance

    def to_representation(self, value: AIModel) -> list[dict[str, Any]]:
        return describe_warnings(value)


class AIModelSerializer(StrictSerializer):
    """One model of a provider, as super admins see and change it."""

    id = serializers.IntegerField(read_only=True)
    model_id = StrictCharField(max_length=200)
    display_name = StrictCharField(max_length=200, allow_blank=True, required=False)
    description = StrictCharField(max_length=5000, allow_blank=True, required=False)
    capabilities = CapabilitiesField(required=False)
    image_spec = ImageSpecField(allow_null=True, required=False)
    pricing = PricingField(required=False)
    context_window = StrictIntegerField(allow_null=True, required=False, min_value=0, max_value=MAX_TOKENS)
    max_output_tokens = StrictIntegerField(allow_null=True, required=False, min_value=0, max_value=MAX_TOKENS)
    is_active = StrictBooleanField(required=False)
    shutdown_date = serializers.DateField(allow_null=True, required=False)
    replacement = StrictCharField(max_length=200, allow_blank=True, required=False)
    sort_order = StrictIntegerField(required=False, min_value=-1_000_000, max_value=1_000_000)
    origin = serializers.CharField(read_only=True)
    warnings = WarningsField(read_only=True)
    listed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    vanished_at = serializers.DateTimeField(read_only=True, allow_null=True)
    total_requests = serializers.IntegerField(read_only=True)
    total_images = serializers.IntegerField(read_only=True)
    total_cost_micros = serializers.IntegerField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)


class UsableModelSerializer(serializers.ModelSerializer):
    """A model that the asking person may use; `states` in the context holds the state by provider id."""

    provider = serializers.CharField(source="provider.slug", read_only=True)
    provider_name = serializers.CharField(source="provider.label", read_only=True)
    capabilities = CapabilitiesField(read_only=True)
    image_spec = ImageSpecField(read_only=True, allow_null=True)
    pricing = PricingField(read_only=True)
    warnings = WarningsField(read_only=True)
    state = serializers.SerializerMethodField()
    key_source = serializers.SerializerMethodField()

    class Meta:
        model = AIModel
        fields = (
            "id",
            "model_id",
            "display_name",
            "description",
            "provider",
            "provider_name",
            "capabilities",
            "state",
            "key_source",
            "image_spec",
            "pricing",
            "shutdown_date",
            "replacement",
            "warnings",
        )
        read_only_fields = fields

    def get_state(self, model: AIModel) -> str:
        return str(self.context["states"][model.provider_id].state)

    def get_key_source(self, model: AIModel) -> str | None:
        return self.context["states"][model.provider_id].state.key_source
