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


class OpenRouterListingSerializer(serializers.Serializer):
    models = serializers.ListField(child=serializers.DictField())
    read_at = serializers.DateTimeField()
    is_stale = serializers.BooleanField()
