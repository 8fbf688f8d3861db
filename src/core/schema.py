"""The envelope, the errors and the names of calls in OpenAPI."""

import re
from functools import cache
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema_field, inline_serializer
from rest_framework import serializers

CLASS_NAME = re.compile(r"^(?:AI)?(.*?)(?:ViewSet|View)$")
WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
FAILURES = {
    "400": "Something in the request is wrong; `errors` says what, by field.",
    "401": "Not signed in, or no valid token.",
    "403": "Not permitted, or the token lacks the scope (`errors.scope`).",
    "404": "Not there, or not for you.",
    "413": "The body is too large.",
    "415": "The body is of a type that the call does not take.",
    "default": "Any other failure, in the same shape.",
}


@extend_schema_field({"type": "null"})
class NothingField(serializers.Field):
    """The `data` of an answer that says all in its code."""


@cache
def envelope_of(data_serializer, *, name: str | None = None, many: bool = False, paged: bool = False):
    """The serializer of `{"success", "code", "message", "data"}` around `data_serializer` (a class or instance)."""
    kind = data_serializer if isinstance(data_serializer, type) else type(data_serializer)
    base = name or kind.__name__.removesuffix("Serializer")
    data = data_serializer(many=many or paged) if isinstance(data_serializer, type) else data_serializer
    if paged:
        data = inline_serializer(
            f"{base}Page",
            {
                "results": data,
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
            },
        )
    suffix = "PageAnswer" if paged else "ListAnswer" if many else "Answer"
    answer = inline_serializer(
        f"{base.removesuffix('List')}{suffix}",
        {
            "success": serializers.BooleanField(),
            "code": serializers.CharField(),
            "message": serializers.CharField(),
            "data": data,
        },
    )
    answer.holds_page = paged  # type: ignore[attr-defined]
    return answer


NOTHING = envelope_of(NothingField(), name="Nothing")
"""The envelope with null for data."""


FILE_ANSWERS = {
    (200, "image/*"): OpenApiTypes.BINARY,
    (206, "image/*"): OpenApiTypes.BINARY,
    304: OpenApiResponse(description="Not modified"),
    416: OpenApiResponse(description="The range lies outside the file"),
}
"""What `answer_with_file` answers."""


class FieldErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()


class FailureSerializer(serializers.Serializer):
    """Every error. Those of generating a picture also say which generation it was and whether it cost money."""

    success = serializers.BooleanField()
    code = serializers.CharField()
    message = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=FieldErrorSerializer())
    )
    request_id = serializers.CharField()
    generation_id = serializers.UUIDField(required=False)
    charged = serializers.ChoiceField(choices=("yes", "no", "unknown"), required=False)


class ApiSchema(AutoSchema):
    """Names each call after its view and action, and gives it the errors that it may answer."""

    def get_operation_id(self) -> str:
        resource = WORD_START.sub("_", CLASS_NAME.sub(r"\1", type(self.view).__name__)).lower()
        return f"{resource}_{getattr(self.view, 'action', None) or self.method.lower()}"

    def get_description(self) -> str:  # type: ignore[override]
        """The action's own docstring: the default falls back on those of classes, which are not for callers."""
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower())
        return (action.__doc__ or "").strip()

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Filters and cursors go with the answers that hold a page; the envelope itself is never a bare list."""
        return serializer is None and getattr(self.get_response_serializers(), "holds_page", False)

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            schema = self.resolve_serializer(FailureSerializer, "response").ref
            for status in self._failure_statuses(operation):
                answer = {"description": FAILURES[status], "content": {"application/json": {"schema": schema}}}
                operation["responses"].setdefault(status, answer)
        return operation

    def _failure_statuses(self, operation: dict[str, Any]) -> list[str]:
        places = {parameter["in"] for parameter in operation.get("parameters", [])}
        takes_body = self.method in ("POST", "PUT", "PATCH")
        body = ["413", "415"] if takes_body else []
        return [
            *(["400"] if takes_body or "query" in places else []),
            *("401", "403"),
            *(["404"] if "path" in places else []),
            *body,
            "default",
        ]
