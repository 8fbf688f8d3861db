"""What a person sends to generate pictures, and the answers' shapes."""

import re
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from src.ai.params import OWN_PROMPT_MAX_CHARS
from src.ai.providers.contract import ImageParams
from src.ai.serializers.provider_serializer import (
    AIProviderCreateSerializer,
    AIProviderListSerializer,
    AIProviderSerializer,
)
from src.ai.services.edit_inputs import MAX_REFERENCES, EditSources
from src.ai.services.image_order import ImageOrder
from src.ai.specs import MAX_N
from src.core.errors import InvalidFields
from src.core.serializers import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    single_values,
)
from src.media.models import Visibility

__all__ = [
    "AIImageEditJsonSerializer",
    "AIImageEditRequestSerializer",
    "AIImageGenerationRequestSerializer",
    "AIProviderCreateSerializer",
    "AIProviderListSerializer",
    "AIProviderSerializer",
    "GenerationSerializer",
    "SaveResultsSerializer",
]

QUALITIES = ("auto", "low", "medium", "high", "xhigh", "max", "standard", "hd")
PARAM_FIELDS = (
    *("prompt", "n", "size", "aspect_ratio", "resolution", "quality", "style", "background"),
    *("output_format", "output_compression", "seed", "negative_prompt"),
)
MAX_SEED = 2**32 - 1
MAX_PREVIEWS = 10
# What a form sends as text, or more than once.
LISTS = ("references", "reference_assets")
NUMBERS = ("model_id", "n", "seed", "output_compression", "partial_images")
YES_OR_NO = ("save_to_media", "wait")
DIGITS = re.compile(r"-?[0-9]{1,20}")


class AIImageGenerationRequestSerializer(StrictSerializer):
    """`model_id` is a model's number; `model` is "provider/model". What the model can do is judged later.

    `wait` false answers 202 with the job at once. `partial_images` is how many previews to stream as events.
    """

    model_id = StrictIntegerField(required=False, min_value=1, max_value=2**63 - 1)
    model = StrictCharField(required=False, max_length=270)
    prompt = StrictCharField(max_length=OWN_PROMPT_MAX_CHARS)
    size = StrictCharField(required=False, allow_null=True, max_length=20)
    aspect_ratio = StrictCharField(required=False, allow_null=True, max_length=20)
    resolution = StrictCharField(required=False, allow_null=True, max_length=20)
    quality = serializers.ChoiceField(choices=QUALITIES, required=False, allow_null=True)
    style = StrictCharField(required=False, allow_null=True, max_length=40)  # type: ignore[assignment]
    n = StrictIntegerField(required=False, min_value=1, max_value=MAX_N, default=1)
    background = serializers.ChoiceField(choices=("auto", "transparent", "opaque"), required=False, allow_null=True)
    output_format = serializers.ChoiceField(choices=("png", "jpeg", "webp"), required=False, allow_null=True)
    output_compression = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=100)
    seed = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_SEED)
    negative_prompt = StrictCharField(required=False, allow_null=True, max_length=OWN_PROMPT_MAX_CHARS)
    partial_images = StrictIntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_PREVIEWS)
    save_to_media = StrictBooleanField(required=False, default=True)
    wait = StrictBooleanField(required=False, default=True)
    title = StrictCharField(required=False, allow_blank=True, max_length=300, default="")
    alt_text = StrictCharField(required=False, allow_blank=True, max_length=1000, default="")
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False, default=Visibility.TEAM)
    expected_key_source = serializers.ChoiceField(choices=("shared", "personal"), required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("model_id" in attrs) == ("model" in attrs):
            raise InvalidFields.one("model_id", "model_or_model_id")
        return attrs

    def to_order(self, admin: Any, *, idempotency_key: str | None = None) -> ImageOrder:
        sent = self.validated_data
        return ImageOrder(
            admin=admin,
            idempotency_key=idempotency_key,
            params=ImageParams(
                **{name: sent[name] for name in PARAM_FIELDS if name in sent},
                partial_images=sent.get("partial_images") or None,
            ),
            model_id=sent.get("model_id"),
            model=sent.get("model"),
            save_to_media=sent["save_to_media"],
            title=sent["title"],
            alt_text=sent["alt_text"],
            visibility=sent.get("visibility"),
            expected_key_source=sent.get("expected_key_source"),
        )


class AIImageEditRequestSerializer(AIImageGenerationRequestSerializer):
    """As generating, with 1..16 pictures to start from: `reference_assets` of the library, then `references`, files of
    a form. `mask` or `mask_asset`: a PNG as large as the first of them, transparent where the picture may change."""

    references = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), required=False, max_length=MAX_REFERENCES
    )
    reference_assets = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MAX_REFERENCES)
    # Left out: private where a picture to start from is private.
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    mask = serializers.FileField(required=False, allow_empty_file=True)
    mask_asset = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "mask" in attrs and "mask_asset" in attrs:
            raise InvalidFields.one("mask", "one_mask")
        return super().validate(attrs)

    def to_sources(self) -> EditSources:
        """Reads the files. Call off the event loop."""
        sent = self.validated_data
        return EditSources(
            asset_ids=tuple(sent.get("reference_assets", ())),
            uploads=tuple(file.read() for file in sent.get("references", ())),
            mask_asset_id=sent.get("mask_asset"),
            mask_upload=sent["mask"].read() if "mask" in sent else None,
        )


class AIImageEditJsonSerializer(AIImageEditRequestSerializer):
    """As JSON, which holds no files: pictures of the library only."""

    references = None  # type: ignore[assignment]
    mask = None  # type: ignore[assignment]


class EstimateRequestSerializer(AIImageGenerationRequestSerializer):
    """As generating; `reference_images` above 0 is an edit with so many pictures to start from."""

    reference_images = StrictIntegerField(required=False, min_value=0, max_value=MAX_REFERENCES, default=0)


def plain_values(form: QueryDict) -> dict[str, Any]:
    """A form's fields as the JSON of the same request. Raises InvalidFields(sent_more_than_once)."""
    values = single_values(form, lists=LISTS)
    for name, value in values.items():
        if name in NUMBERS and isinstance(value, str) and DIGITS.fullmatch(value):
            values[name] = int(value)
        elif name in YES_OR_NO and value in ("true", "false"):
            values[name] = value == "true"
    return values


class SaveResultsSerializer(StrictSerializer):
    """All of a generation's unsaved pictures, or the one at `index`."""

    index = StrictIntegerField(required=False, min_value=0, max_value=99)
    title = StrictCharField(required=False, allow_blank=True, max_length=300)
    alt_text = StrictCharField(required=False, allow_blank=True, max_length=1000)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)


class GeneratedPictureSerializer(serializers.Serializer):
    """One picture of an answer: the keys from `asset_id` on for saved ones, `image_data_url` for the others."""

    index = serializers.IntegerField()
    mime_type = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    revised_prompt = serializers.CharField()
    seed = serializers.IntegerField(allow_null=True)
    asset_id = serializers.UUIDField(required=False)
    url = serializers.CharField(required=False)
    thumbnails = serializers.DictField(child=serializers.CharField(allow_null=True), required=False)
    title = serializers.CharField(required=False)
    alt_text = serializers.CharField(required=False)
    image_data_url = serializers.CharField(required=False)


class PictureFailureSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    code = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    charged = serializers.ChoiceField(choices=("yes", "no", "unknown"))
    provider_message = serializers.CharField(required=False)
    categories = serializers.ListField(child=serializers.CharField(), required=False)
    field = serializers.CharField(required=False)
    replacement = serializers.CharField(required=False)


class EditPictureSerializer(serializers.Serializer):
    asset_id = serializers.UUIDField(allow_null=True)
    sha256 = serializers.CharField()
    mime_type = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class EditInputsSerializer(serializers.Serializer):
    """The pictures that an edit started from."""

    references = EditPictureSerializer(many=True)
    mask = EditPictureSerializer(allow_null=True)


class GenerationSerializer(serializers.Serializer):
    """The `data` of generate and of a generation's record."""

    generation_id = serializers.UUIDField()
    status = serializers.CharField()
    error_code = serializers.CharField()
    saved = serializers.BooleanField()
    provider = serializers.CharField()
    model = serializers.CharField()
    key_source = serializers.ChoiceField(choices=("shared", "personal"))
    prompt = serializers.CharField()
    params_sent = serializers.DictField()
    inputs = EditInputsSerializer(allow_null=True)
    requested = serializers.IntegerField()
    delivered = serializers.IntegerField()
    failures = PictureFailureSerializer(many=True)
    cost_micros = serializers.IntegerField(allow_null=True)
    cost_source = serializers.ChoiceField(choices=("provider_reported", "catalogue", "unknown"))
    charged = serializers.ChoiceField(choices=("yes", "no", "unknown"))
    generation_time_ms = serializers.IntegerField(allow_null=True)
    images = GeneratedPictureSerializer(many=True)
