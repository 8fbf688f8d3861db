"""The form of an upload."""

from typing import Any

from rest_framework import serializers

from src.core.errors import FieldError, InvalidFields
from src.core.serializers import StrictCharField, StrictSerializer
from src.media.models import Visibility

YES_NO = ("true", "false")


class UploadSerializer(StrictSerializer):
    """`title` left out: the file's name. `allow_duplicate`: also if the same picture is in the library already."""

    file = serializers.FileField(allow_empty_file=True)
    title = StrictCharField(max_length=300, required=False, allow_blank=True)
    alt_text = StrictCharField(max_length=1000, required=False, allow_blank=True)
    alt_text_en = StrictCharField(max_length=1000, required=False, allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    allow_duplicate = serializers.ChoiceField(choices=YES_NO, required=False)


def single_values(form: Any) -> dict[str, Any]:
    """A form's fields as a plain dict. Raises InvalidFields(sent_more_than_once)."""
    lists = dict(form.lists()) if hasattr(form, "lists") else {name: [value] for name, value in form.items()}
    repeated = {name: [FieldError("sent_more_than_once")] for name, values in lists.items() if len(values) > 1}
    if repeated:
        raise InvalidFields(repeated)
    return {name: values[0] for name, values in lists.items()}
