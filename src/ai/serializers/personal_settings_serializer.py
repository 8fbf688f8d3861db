"""A person's settings and limits in and out of the API. Keys go in, a mask comes out."""

from typing import Any

from rest_framework import serializers

from src.ai.serializers.fields import SharedKeyField
from src.ai.serializers.provider_serializer import MAX_MICROS
from src.core.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer

MAX_PICTURES = 2**31 - 1


class PersonalSettingsChangeSerializer(StrictSerializer):
    """Any subset. A new key is checked; `***…` or null leaves the key, "" removes it."""

    personal_api_key = SharedKeyField(required=False, allow_null=True)
    use_shared_api = StrictBooleanField(required=False)
    is_active = StrictBooleanField(required=False)

    def split(self) -> tuple[dict[str, bool], Any]:
        """The preferences that were sent, and what is to become of the key."""
        preferences = dict(self.validated_data)
        return preferences, preferences.pop("personal_api_key", None)


class PersonalLimitsChangeSerializer(StrictSerializer):
    """Any subset; null is no limit. They bind the use of the shared key."""

    monthly_limit = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_PICTURES)
    monthly_budget_micros = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_MICROS)


class UseSerializer(serializers.Serializer):
    """Pictures, and millionths of a US dollar as far as prices are known."""

    reserved_images = serializers.IntegerField()
    spent_images = serializers.IntegerField()
    reserved_micros = serializers.IntegerField()
    spent_micros = serializers.IntegerField()


class MonthUseSerializer(serializers.Serializer):
    """`period` is a month of the site's time zone; at `ends_at` counting begins anew."""

    period = serializers.CharField()
    ends_at = serializers.DateTimeField()
    shared_key = UseSerializer()
    personal_key = UseSerializer()


class AccessSerializer(serializers.Serializer):
    state = serializers.CharField()
    key_source = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    reason_message = serializers.CharField()
    remedy = serializers.CharField()
    remedy_message = serializers.CharField()


class LimitsSerializer(serializers.Serializer):
    provider_id = serializers.IntegerField()
    provider = serializers.CharField()
    provider_name = serializers.CharField()
    monthly_limit = serializers.IntegerField(allow_null=True)
    monthly_budget_micros = serializers.IntegerField(allow_null=True)
    access = AccessSerializer()
    use = MonthUseSerializer()


class PersonalLimitsSerializer(LimitsSerializer):
    """One person's limits and use at one provider, for super admins."""

    user_id = serializers.IntegerField()
    username = serializers.CharField()


class PersonalSettingsSerializer(LimitsSerializer):
    """One's own settings at one provider."""

    has_personal_api_key = serializers.BooleanField()
    personal_api_key = serializers.CharField()
    allows_personal_keys = serializers.BooleanField()
    key_status = serializers.CharField()
    key_reason = serializers.CharField()
    key_checked_at = serializers.DateTimeField(allow_null=True)
    use_shared_api = serializers.BooleanField()
    is_active = serializers.BooleanField()
