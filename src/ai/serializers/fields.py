"""Fields of their own kind: keys that go in and never come out, slugs, addresses."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from src.ai.services.provider_service import KeyChange, RemoveKey
from src.core.messages import text_for
from src.core.secret import Secret
from src.core.serializers import StrictCharField

KEY_MAX_CHARS = 4096
MASK = "***"
is_web_address = URLValidator(schemes=["http", "https"])


@extend_schema_field(OpenApiTypes.STR)
class SharedKeyField(serializers.Field):
    """In: a new key, `""` to remove it, null or a masked value to leave it. Out: the mask."""

    default_error_messages = {
        "not_text": "not_text",
        "not_printable_ascii": "not_printable_ascii",
    }

    def get_attribute(self, instance: Any) -> Any:
        return instance.masked_key

    def to_representation(self, value: str) -> str:
        return value

    def to_internal_value(self, data: Any) -> KeyChange:
        if not isinstance(data, str):
            self.fail("not_text")
        text = data.strip()
        if text.startswith(MASK):
            return None
        if not text:
            return RemoveKey
        if len(text) > KEY_MAX_CHARS:
            raise serializers.ValidationError(text_for("too_long", limit=KEY_MAX_CHARS), code="too_long")
        if not (text.isascii() and text.isprintable()) or " " in text:
            self.fail("not_printable_ascii")
        return Secret(text)


class SlugField(StrictCharField):
    """The name by which a provider is known from then on."""

    def __init__(self, **kwargs: Any):
        super().__init__(validators=[RegexValidator(r"^[a-z0-9_-]+\Z", code="slug_invalid")], **kwargs)


class WebsiteField(StrictCharField):
    """A link for people to follow: never `javascript:`."""

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=300, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            is_web_address(text)
        except ValidationError:
            self.fail("invalid")
        return text


class UrlField(StrictCharField):
    """Text that `update_provider` judges as a URL, with what the row allows."""

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=300, allow_blank=True, **kwargs)
