"""The shapes of reports, for OpenAPI."""

from rest_framework import serializers

from src.ai.serializers.json_fields import PricingField
from src.core.serializers import StrictBooleanField, StrictSerializer


class KeyVerdictSerializer(serializers.Serializer):
    valid = serializers.BooleanField(allow_null=True)
    status = serializers.CharField()
    reason = serializers.CharField()
    checked_at = serializers.DateTimeField()
    latency_ms = serializers.IntegerField()


class ProviderCapabilitiesSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    adapter = serializers.CharField()
    adapter_is_built = serializers.BooleanField()
    makes_images = serializers.BooleanField()
    edits_images = serializers.BooleanField()
    takes_mask = serializers.BooleanField()
    max_references = serializers.IntegerField()
    streams_previews = serializers.BooleanField()
    parameters = serializers.ListField(child=serializers.CharField())
    capabilities = serializers.ListField(child=serializers.CharField())
    models_by_capability = serializers.DictField(child=serializers.IntegerField())


class AvailableProviderSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    state = serializers.CharField()
    key_source = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    reason_message = serializers.CharField()
    remedy = serializers.CharField()
    remedy_message = serializers.CharField()
    active_models_count = serializers.IntegerField()


class OpenRouterPriceSerializer(serializers.Serializer):
    """`price_micros`: millionths of a US dollar per unit, as a decimal; null where it is not known."""

    billable = serializers.CharField(allow_null=True)
    unit = serializers.CharField(allow_null=True)
    price_micros = serializers.CharField(allow_null=True)
    variant = serializers.CharField(allow_null=True)


class OpenRouterEndpointSerializer(serializers.Serializer):
    provider = serializers.CharField(allow_null=True)
    pricing = OpenRouterPriceSerializer(many=True)


class OpenRouterModelSerializer(serializers.Serializer):
    """`endpoints` null: its prices could not be read."""

    id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    can_edit = serializers.BooleanField()
    max_reference_images = serializers.IntegerField(allow_null=True)
    streams_previews = serializers.BooleanField()
    supported_parameters = serializers.DictField()
    endpoints = OpenRouterEndpointSerializer(many=True, allow_null=True)


class OpenRouterListingSerializer(serializers.Serializer):
    models = OpenRouterModelSerializer(many=True)
    read_at = serializers.DateTimeField()
    is_stale = serializers.BooleanField()


class CodedTextSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()


class EstimateSerializer(serializers.Serializer):
    """Money in millionths of a US dollar; null is unknown in a cost, and no limit in what is left."""

    model = serializers.CharField()
    n = serializers.IntegerField()
    params_sent = serializers.DictField()
    lowest_micros = serializers.IntegerField(allow_null=True)
    highest_micros = serializers.IntegerField(allow_null=True)
    price_source = serializers.ChoiceField(choices=("catalogue", "unknown"))
    pricing = PricingField()
    not_included = CodedTextSerializer(many=True)
    state = serializers.CharField()
    key_source = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    reason_message = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)
    remedy_message = serializers.CharField(allow_blank=True)
    images_left = serializers.IntegerField(allow_null=True)
    micros_left = serializers.IntegerField(allow_null=True)
    would_be_accepted = serializers.BooleanField()
    refusal = serializers.CharField(allow_blank=True)
    refusal_message = serializers.CharField(allow_blank=True)


class KeptFieldSerializer(serializers.Serializer):
    model_id = serializers.CharField()
    field = serializers.CharField()
    yours = serializers.JSONField(allow_null=True)
    theirs = serializers.JSONField(allow_null=True)


class UpdatedModelSerializer(serializers.Serializer):
    model_id = serializers.CharField()
    fields_changed = serializers.ListField(child=serializers.CharField())


class EndingModelSerializer(serializers.Serializer):
    model_id = serializers.CharField()
    shutdown_date = serializers.DateField()
    replacement = serializers.CharField(allow_blank=True)


class SyncRequestSerializer(StrictSerializer):
    dry_run = StrictBooleanField(required=False, default=False)


class SyncReportSerializer(serializers.Serializer):
    """`kept`: what an operator holds differently from the service's list, and was left alone."""

    provider = serializers.CharField()
    dry_run = serializers.BooleanField()
    listed = serializers.IntegerField()
    created = serializers.ListField(child=serializers.CharField())
    updated = UpdatedModelSerializer(many=True)
    unchanged = serializers.IntegerField()
    vanished = serializers.ListField(child=serializers.CharField())
    returned = serializers.ListField(child=serializers.CharField())
    ending = EndingModelSerializer(many=True)
    kept = KeptFieldSerializer(many=True)
