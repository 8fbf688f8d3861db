"""The shapes of reports, for OpenAPI."""

from rest_framework import serializers


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
