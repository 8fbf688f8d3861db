"""Jobs as the API tells them, and what is sent about them."""

from rest_framework import serializers

from src.ai.serializers.image_generation_serializer import GenerationSerializer
from src.core.serializers import StrictBooleanField, StrictSerializer


class JobOwnerSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class JobSerializer(GenerationSerializer):
    """The generation's record, its moments, and what can be done with it now."""

    id = serializers.UUIDField()
    message = serializers.CharField()
    owner = JobOwnerSerializer()
    is_finished = serializers.BooleanField()
    cancel_requested = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    not_before = serializers.DateTimeField(allow_null=True)
    retry_of = serializers.UUIDField(allow_null=True)
    actions = serializers.ListField(child=serializers.ChoiceField(choices=("cancel", "retry", "settle", "release")))
    events_url = serializers.CharField()


class RetrySerializer(StrictSerializer):
    """`accept_second_charge` is needed where it is unclear whether the first time was charged."""

    accept_second_charge = StrictBooleanField(required=False, default=False)


class EmptySerializer(StrictSerializer):
    """Nothing is sent."""
