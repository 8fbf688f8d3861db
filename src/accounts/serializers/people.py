"""People in and out of the API."""

from typing import Any

from rest_framework import serializers

from src.accounts.models import User
from src.core.serializers import StrictBooleanField, StrictCharField, StrictSerializer

MAX_GROUPS = 100
GROUP_NAME_MAX_CHARS = 150


class GroupNamesField(serializers.ListField):
    child = StrictCharField(max_length=GROUP_NAME_MAX_CHARS)

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=MAX_GROUPS, **kwargs)


class PlainEmailField(serializers.EmailField):
    """Text only, "" for none."""

    default_error_messages = {"not_text": "not_text"}

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=254, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_text")
        return super().to_internal_value(data)


class PersonSerializer(serializers.ModelSerializer):
    """One person, as super admins see them."""

    # Blank where there is none, which is no address.
    email = serializers.CharField(read_only=True)
    is_super_admin = serializers.BooleanField(source="is_superuser", read_only=True)
    groups: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    has_live_token = serializers.BooleanField(read_only=True)

    class Meta:
        model = User
        fields = (
            "id",
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "is_super_admin",
            "groups",
            "has_live_token",
            "last_login",
            "date_joined",
        )
        read_only_fields = fields


class ChangePersonSerializer(StrictSerializer):
    """Any subset."""

    groups = GroupNamesField(required=False)
    is_super_admin = StrictBooleanField(required=False)
    is_active = StrictBooleanField(required=False)
    email = PlainEmailField(required=False)
    first_name = StrictCharField(max_length=150, allow_blank=True, required=False)
    last_name = StrictCharField(max_length=150, allow_blank=True, required=False)


class OwnTokenSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)


class MeSerializer(serializers.Serializer):
    """Who is asking; `token` is null with a session."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField()
    is_super_admin = serializers.BooleanField()
    groups = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(child=serializers.CharField())
    token = OwnTokenSerializer(allow_null=True)
