"""API tokens in and out of the API."""

from typing import Any

from rest_framework import serializers

from src.accounts.models import ApiToken
from src.accounts.services.tokens import NAME_MAX_CHARS
from src.core.serializers import StrictCharField, StrictSerializer
from src.core.token_scopes import SCOPES

STATES = ("live", "expired", "revoked")


class ApiTokenSerializer(serializers.ModelSerializer):
    """A token without its secret."""

    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    state = serializers.ChoiceField(choices=STATES, read_only=True)

    class Meta:
        model = ApiToken
        fields = ("id", "name", "last4", "scopes", "state", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields


class NewApiTokenSerializer(ApiTokenSerializer):
    """With the secret, this once."""

    token = serializers.CharField(read_only=True)

    class Meta:
        model = ApiToken
        fields = (*ApiTokenSerializer.Meta.fields, "token")
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        token, text = instance
        token.token = text
        return super().to_representation(token)


class CreateApiTokenSerializer(StrictSerializer):
    """`expires_at` left out or null: never."""

    name = StrictCharField(max_length=NAME_MAX_CHARS)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), allow_empty=False, max_length=50)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
