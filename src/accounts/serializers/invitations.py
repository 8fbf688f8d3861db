"""Invitations in and out of the API."""

from typing import Any

from rest_framework import serializers

from src.accounts.models import Invitation
from src.accounts.serializers.people import GroupNamesField, PlainEmailField
from src.core.serializers import StrictBooleanField, StrictCharField, StrictSerializer

TOKEN_MAX_CHARS = 200
PASSWORD_MAX_CHARS = 4096


class InvitationSerializer(serializers.ModelSerializer):
    """A pending invitation, without its link."""

    email = serializers.CharField(read_only=True)
    groups: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    invited_by = serializers.CharField(source="invited_by.username", read_only=True)

    class Meta:
        model = Invitation
        fields = ("id", "email", "groups", "is_super_admin", "note", "invited_by", "created_at", "expires_at")
        read_only_fields = fields


class InviteSerializer(StrictSerializer):
    email = PlainEmailField(required=False)
    groups = GroupNamesField(required=False)
    is_super_admin = StrictBooleanField(required=False)
    note = StrictCharField(max_length=500, allow_blank=True, required=False)


class SentInvitationSerializer(serializers.Serializer):
    """With the link, this once."""

    id = serializers.IntegerField(source="invitation.pk")
    link = serializers.CharField()
    expires_at = serializers.DateTimeField(source="invitation.expires_at")
    sent_by_email = serializers.BooleanField(source="is_sent_by_email")


class AcceptInvitationSerializer(StrictSerializer):
    token = StrictCharField(max_length=TOKEN_MAX_CHARS)
    username = StrictCharField(max_length=150)
    password = StrictCharField(max_length=PASSWORD_MAX_CHARS, trim_whitespace=False)
    first_name = StrictCharField(max_length=150, allow_blank=True, required=False)
    last_name = StrictCharField(max_length=150, allow_blank=True, required=False)


class JoinedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    username = serializers.CharField()
