"""What a report is asked for, and what it says."""

from datetime import date
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from src.core.errors import InvalidFields
from src.core.serializers import StrictSerializer
from src.usage.models import KeySource
from src.usage.periods import current_day
from src.usage.services.report import GROUPS, ReportQuery

MAX_ID = 2**63 - 1


class ReportQuerySerializer(StrictSerializer):
    """Days are the site's, `to` included; without them it is this month until today. `model` is `provider/model`."""

    group_by = serializers.ChoiceField(choices=tuple(GROUPS), default="day")
    person = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    provider = serializers.CharField(max_length=64, required=False)
    model = serializers.CharField(max_length=265, required=False)
    key_source = serializers.ChoiceField(choices=KeySource.choices, required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        days = {name: serializers.DateField(required=False) for name in ("from", "to")}
        return {**super().get_fields(), **days}

    def validate_model(self, value: str) -> tuple[str, str]:
        provider, slash, model_id = value.partition("/")
        if not slash:
            raise InvalidFields.one("model", "not_provider_and_model")
        return provider, model_id

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        today = date.fromisoformat(current_day(timezone.now()).name)
        last = attrs.pop("to", None) or max(today, attrs.get("from", today))
        first = attrs.pop("from", None) or last.replace(day=1)
        if first > last:
            raise InvalidFields.one("to", "ends_before_it_begins")
        return {**attrs, "first_day": first, "last_day": last}

    def query(self) -> ReportQuery:
        return ReportQuery(**self.validated_data)


class AmountsSerializer(serializers.Serializer):
    """`images` and `cost_micros` are settled, `held_*` reserved and not ended. `unpriced_images` are those of `images`
    whose price is unknown; money is null where no price of it is known."""

    requests = serializers.IntegerField()
    images = serializers.IntegerField()
    cost_micros = serializers.IntegerField(allow_null=True)
    unpriced_images = serializers.IntegerField()
    held_images = serializers.IntegerField()
    held_micros = serializers.IntegerField(allow_null=True)


class ReportRowSerializer(AmountsSerializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class ReportSerializer(serializers.Serializer):
    group_by = serializers.ChoiceField(choices=tuple(GROUPS), source="query.group_by")
    rows = ReportRowSerializer(many=True)
    totals = AmountsSerializer()

    def get_fields(self) -> dict[str, serializers.Field]:
        days = {
            "from": serializers.DateField(source="query.first_day"),
            "to": serializers.DateField(source="query.last_day"),
        }
        return {**days, **super().get_fields()}
