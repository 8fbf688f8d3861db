"""Audit entries out of the API."""

from typing import TypedDict

from rest_framework import serializers

from src.accounts.models import AuditEntry
from src.accounts.models.audit import CHANNELS


class Actor(TypedDict):
    id: int
    username: str


class AuditEntrySerializer(serializers.ModelSerializer):
    """`actor` is null where nobody asked; `before` and `after` hold what changed, by field."""

    actor = serializers.SerializerMethodField()
    channel = serializers.ChoiceField(choices=CHANNELS, read_only=True)
    before = serializers.DictField(read_only=True)
    after = serializers.DictField(read_only=True)

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "created_at",
            "actor",
            "channel",
            "token_name",
            "action",
            "object_type",
            "object_id",
            "object_label",
            "before",
            "after",
            "request_id",
        )
        read_only_fields = fields

    def get_actor(self, entry: AuditEntry) -> Actor | None:
        return {"id": entry.actor_id, "username": entry.actor_name} if entry.actor_id is not None else None
