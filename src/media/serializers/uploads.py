"""The form of an upload."""

from rest_framework import serializers

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
