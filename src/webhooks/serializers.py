"""Webhooks and deliveries in and out of the API. Secrets go in, and come out only where they are new."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from src.core.secret import Secret
from src.core.serializers import StrictBooleanField, StrictCharField, StrictSerializer
from src.webhooks.events import EVENTS
from src.webhooks.models import Webhook, WebhookDelivery
from src.webhooks.models.webhook import DESCRIPTION_MAX_CHARS, URL_MAX_CHARS
from src.webhooks.services.webhooks import SavedWebhook
from src.webhooks.signing import is_standard_secret

MAX_NAMES = 100


class EventNamesField(serializers.ListField):
    child = serializers.ChoiceField(choices=EVENTS)

    def __init__(self, **kwargs: Any):
        super().__init__(allow_empty=False, max_length=MAX_NAMES, **kwargs)


@extend_schema_field(OpenApiTypes.STR)
class SigningSecretField(serializers.Field):
    """`whsec_` and the Base64 of 24 to 64 bytes."""

    default_error_messages = {
        "not_text": "not_text",
        "blank": "blank",
        "webhook_secret_invalid": "webhook_secret_invalid",
    }

    def to_internal_value(self, data: Any) -> Secret:
        if not isinstance(data, str):
            self.fail("not_text")
        text = data.strip()
        if not text:
            self.fail("blank")
        if not is_standard_secret(text):
            self.fail("webhook_secret_invalid")
        return Secret(text)


class WebhookSerializer(serializers.ModelSerializer):
    """A webhook without its secret. `created_by` is a username, `last_status` that of the latest attempt or ""."""

    url = serializers.CharField(read_only=True)
    events = serializers.ListField(child=serializers.CharField(), read_only=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True, allow_null=True)

    class Meta:
        model = Webhook
        fields = (
            *("id", "url", "description", "events", "is_active", "allow_private_address"),
            *("created_by", "created_at", "updated_at"),
            *("last_status", "last_status_code", "last_attempt_at", "failing_since"),
        )
        read_only_fields = fields


class SavedWebhookSerializer(WebhookSerializer):
    """With the secret where it is new, this once; else null."""

    secret = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Webhook
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        saved: SavedWebhook = instance
        secret = saved.secret.reveal() if saved.secret else None
        return {**WebhookSerializer(saved.webhook).data, "secret": secret}


class CreateWebhookSerializer(StrictSerializer):
    """`secret` left out: a new one is made."""

    url = StrictCharField(max_length=URL_MAX_CHARS)
    events = EventNamesField()
    description = StrictCharField(max_length=DESCRIPTION_MAX_CHARS, allow_blank=True, required=False)
    is_active = StrictBooleanField(required=False)
    allow_private_address = StrictBooleanField(required=False)
    secret = SigningSecretField(required=False)


class ChangeWebhookSerializer(StrictSerializer):
    """Any subset. `rotate_secret` true: a new secret is made."""

    url = StrictCharField(max_length=URL_MAX_CHARS, required=False)
    events = EventNamesField(required=False)
    description = StrictCharField(max_length=DESCRIPTION_MAX_CHARS, allow_blank=True, required=False)
    is_active = StrictBooleanField(required=False)
    allow_private_address = StrictBooleanField(required=False)
    rotate_secret = StrictBooleanField(required=False)

    def split(self) -> tuple[dict[str, Any], bool]:
        """What was sent: the fields, and whether a new secret is asked for."""
        fields = dict(self.validated_data)
        return fields, fields.pop("rotate_secret", False)


class WebhookDeliverySerializer(serializers.ModelSerializer):
    """One message. `last_error` is a code, "" where the latest attempt went well or there was none."""

    status = serializers.CharField(read_only=True)
    last_error = serializers.CharField(read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            *("id", "event", "payload", "status", "attempts", "next_attempt_at"),
            *("last_status_code", "last_error", "created_at", "finished_at"),
        )
        read_only_fields = fields
