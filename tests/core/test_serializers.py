import pytest
from rest_framework import serializers

from src.core.errors import InvalidFields
from src.core.serializers import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer


class PictureSerializer(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    title = StrictCharField(required=False)
    n = StrictIntegerField(required=False)
    is_saved = StrictBooleanField(required=False)


def code_of(name, value):
    serializer = PictureSerializer(data={name: value})
    if serializer.is_valid():
        return serializer.validated_data[name]
    return serializer.errors[name][0].code


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("title", " گربه ", "گربه"),
        ("title", 5, "not_text"),
        ("title", True, "not_text"),
        ("title", ["a"], "not_text"),
        ("n", 5, 5),
        ("n", "5", "not_integer"),
        ("n", 5.0, "not_integer"),
        ("n", True, "not_integer"),
        ("is_saved", False, False),
        ("is_saved", 0, "not_boolean"),
        ("is_saved", "false", "not_boolean"),
        ("is_saved", None, "null"),
    ],
)
def test_types_are_not_coerced(name, value, outcome):
    assert code_of(name, value) == outcome


@pytest.mark.parametrize("name", ["size", "id", ""])
def test_an_unknown_or_read_only_field_is_an_error_of_that_field(name):
    with pytest.raises(InvalidFields) as caught:
        PictureSerializer(data={"title": "a", name: 1}).is_valid()

    assert {field: [error.code for error in found] for field, found in caught.value.fields.items()} == {
        name: ["unknown_field"]
    }


@pytest.mark.parametrize("body", [[], [{}], "text", 5, True, None])
def test_a_body_that_is_no_object_is_an_error(body):
    with pytest.raises(InvalidFields) as caught:
        PictureSerializer(data=body).is_valid()

    assert [error.code for error in caught.value.fields["non_field_errors"]] == ["not_object"]
