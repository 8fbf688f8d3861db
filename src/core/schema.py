"""The envelope in OpenAPI."""

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


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
    return inline_serializer(
        f"{base}{suffix}",
        {
            "success": serializers.BooleanField(),
            "code": serializers.CharField(),
            "message": serializers.CharField(),
            "data": data,
        },
    )


class FailureSerializer(serializers.Serializer):
    """Every error."""

    success = serializers.BooleanField()
    code = serializers.CharField()
    message = serializers.CharField()
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    )
    request_id = serializers.CharField()
