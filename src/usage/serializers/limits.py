"""Limits in and out of the API."""

from typing import Any

from rest_framework import serializers

from src.core.errors import InvalidFields
from src.core.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer

MAX_PICTURES = 2**31 - 1
MAX_MICROS = 10**15


class TeamLimitsSerializer(serializers.Serializer):
    """Null is no limit."""

    monthly_budget_micros = serializers.IntegerField(allow_null=True)
    images_per_person_per_day = serializers.IntegerField(allow_null=True)


class ChangeTeamLimitsSerializer(StrictSerializer):
    """Any subset; null is no limit. They bind the use of shared keys."""

    monthly_budget_micros = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_MICROS)
    images_per_person_per_day = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_PICTURES)


class PersonLimitSerializer(serializers.Serializer):
    """`images_per_day` is what holds for the person, null is no limit; `is_default`: it is everyone's."""

    user_id = serializers.IntegerField()
    username = serializers.CharField()
    images_per_day = serializers.IntegerField(allow_null=True)
    is_default = serializers.BooleanField()


class ChangePersonLimitSerializer(StrictSerializer):
    """`images_per_day` (null: no limit for this person), or `is_default` true for everyone's again."""

    images_per_day = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_PICTURES)
    is_default = StrictBooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        has_number, is_default = "images_per_day" in attrs, attrs.get("is_default", False)
        if is_default and has_number:
            raise InvalidFields.one("images_per_day", "default_has_no_number")
        if not is_default and not has_number:
            raise InvalidFields.one("images_per_day", "required")
        return {"images_per_day": attrs.get("images_per_day"), "is_default": is_default}


class TodaySerializer(serializers.Serializer):
    """Pictures with shared keys; `images_left` is null without a limit."""

    period = serializers.CharField()
    ends_at = serializers.DateTimeField()
    max_images = serializers.IntegerField(allow_null=True)
    spent_images = serializers.IntegerField()
    reserved_images = serializers.IntegerField()
    images_left = serializers.IntegerField(allow_null=True)


class MonthSerializer(serializers.Serializer):
    """One's own use of shared keys; `team_micros_left` is what the team's budget leaves, null without one."""

    period = serializers.CharField()
    ends_at = serializers.DateTimeField()
    spent_images = serializers.IntegerField()
    reserved_images = serializers.IntegerField()
    spent_micros = serializers.IntegerField()
    reserved_micros = serializers.IntegerField()
    team_micros_left = serializers.IntegerField(allow_null=True)


class OwnLimitsSerializer(serializers.Serializer):
    today = TodaySerializer()
    month = MonthSerializer()
