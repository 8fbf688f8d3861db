"""JSON that goes into a row: an object, an image spec, a list of prices."""

import math
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction
from rest_framework import serializers

from src.ai.specs import ImageSpec, Price

MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1
COMPONENT_REF = "#/components/schemas/{name}"


def is_storable(document: Any) -> bool:
    """No null character, no infinity (1e400 is one to Python), no integer beyond 64 bits, not nested too deep."""
    level = [document]
    for _ in range(MAX_DEPTH):
        if not all(map(_is_plain, level)):
            return False
        level = [part for value in level for part in _parts(value)]
    return not level


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, int):
        return abs(value) <= MAX_INTEGER
    return not isinstance(value, float) or math.isfinite(value)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


class StorableJsonField(serializers.JSONField):
    """JSON that PostgreSQL stores and our answers can hold."""

    default_error_messages = {"not_storable": "not_storable"}
    struct_type: Any = None

    def to_internal_value(self, data: Any) -> Any:
        if not is_storable(data):
            self.fail("not_storable")
        return data


class JsonObjectField(StorableJsonField):
    """A JSON object, or null where the field allows it."""

    default_error_messages = {"not_object": "not_object"}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_object")
        return super().to_internal_value(data)


class ImageSpecField(JsonObjectField):
    struct_type = ImageSpec


class PricingField(StorableJsonField):
    default_error_messages = {"not_list": "not_list"}
    struct_type = tuple[Price, ...]

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_list")
        return super().to_internal_value(data)


class JsonSchema(OpenApiSerializerFieldExtension):
    """The fields above in OpenAPI: a struct as msgspec describes it, else any object."""

    target_class = StorableJsonField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        if self.target.struct_type is None:
            return {"type": "object", "additionalProperties": {}}
        [schema], components = msgspec.json.schema_components([self.target.struct_type], ref_template=COMPONENT_REF)
        for name, described in components.items():
            # drf-spectacular, which makes components of enums, wants their type; msgspec leaves it out.
            for value in described["properties"].values():
                if "enum" in value:
                    value["type"] = "string"
            part = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=described, object=name)
            auto_schema.registry.register_on_missing(part)
        return schema
