"""Warnings out of the API."""

from typing import TypedDict

from rest_framework import serializers

from src.usage.models import LimitWarning
from src.usage.services.warning_texts import text_of_warning


class WarnedPerson(TypedDict):
    id: int
    name: str


class LimitWarningSerializer(serializers.ModelSerializer):
    """`limit` and `spent`, as of then, are in `unit`: `images` or `micros`. `person` and `provider` are null where the
    limit is not a person's or a provider's."""

    scope = serializers.CharField(source="scope_kind", read_only=True)
    unit = serializers.CharField(read_only=True)
    person = serializers.SerializerMethodField()
    provider = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()

    class Meta:
        model = LimitWarning
        fields = (
            "id",
            "created_at",
            "scope",
            "period",
            "unit",
            "percent",
            "limit",
            "spent",
            "person",
            "provider",
            "message",
        )
        read_only_fields = fields

    def get_person(self, warning: LimitWarning) -> WarnedPerson | None:
        if warning.person_id is None:
            return None
        return {"id": warning.person_id, "name": self.context["names"][warning.person_id]}

    def get_provider(self, warning: LimitWarning) -> str | None:
        return warning.provider_slug or None

    def get_message(self, warning: LimitWarning) -> str:
        return text_of_warning(warning, person=self.context["names"].get(warning.person_id, ""))
