"""Serializers that refuse what they do not know."""

from collections.abc import Collection
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from src.core.errors import FieldError, InvalidFields


class StrictSerializer(serializers.Serializer):
    """A field that the call does not know is 400 `unknown_field`, and JSON types are not coerced."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if not isinstance(data, dict):
            raise InvalidFields.one("non_field_errors", "not_object")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - {name for name, field in self.fields.items() if not field.read_only})
        if unknown:
            raise InvalidFields({name: [FieldError("unknown_field")] for name in unknown})
        return super().to_internal_value(data)


def take_no_fields(request: Request) -> None:
    """For a call whose address says everything. Raises InvalidFields(unknown_field)."""
    StrictSerializer(data=request.data).is_valid(raise_exception=True)


def single_values(form: Any, *, lists: Collection[str] = ()) -> dict[str, Any]:
    """A form's fields as a plain dict, those named in `lists` as lists. Raises InvalidFields(sent_more_than_once)."""
    found = dict(form.lists()) if hasattr(form, "lists") else {name: [value] for name, value in form.items()}
    repeated = [name for name, values in found.items() if len(values) > 1 and name not in lists]
    if repeated:
        raise InvalidFields({name: [FieldError("sent_more_than_once")] for name in repeated})
    return {name: values if name in lists else values[0] for name, values in found.items()}


class StrictCharField(serializers.CharField):
    """Text only: DRF's own would take 5 and True for text."""

    default_error_messages = {"not_text": "not_text"}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_text")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A JSON whole number only: not "5", not 5.0, not true."""

    default_error_messages = {"not_integer": "not_integer"}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("not_integer")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """true or false only: DRF's own would take "yes" and 1."""

    default_error_messages = {"not_boolean": "not_boolean"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("not_boolean")
        return data
