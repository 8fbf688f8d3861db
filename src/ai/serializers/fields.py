"""Fields of their own kind: keys that go in and never come out, and free JSON objects."""

from typing import Any

from rest_framework import serializers

from src.ai.services.provider_service import KeyChange, RemoveKey
from src.core.secret import Secret
from src.core.serializers import StrictCharField

KEY_MAX_CHARS = 4096
MASK = "***"


class SharedKeyField(serializers.Field):
    """In: a new key, `""` to remove it, null or a masked value to leave it. Out: the mask."""

    default_error_messages = {
        "not_text": "not_text",
        "too_long": "too_long",
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
            self.fail("too_long")
        if not (text.isascii() and text.isprintable()) or " " in text:
            self.fail("not_printable_ascii")
        return Secret(text)


class JsonObjectField(serializers.JSONField):
    """A JSON object, or null where the field allows it."""

    default_error_messages = {"not_object": "not_object"}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_object")
        return data


class UrlField(StrictCharField):
    """Text that `update_provider` judges as a URL, with what the row allows."""

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=300, allow_blank=True, **kwargs)
