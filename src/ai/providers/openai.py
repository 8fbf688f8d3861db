"""OpenAI: the GPT image models, and the DALL-E shape where a row still has such a model.

Source: openai-python 3.54.0, types/image_generate_params.py, image_edit_params.py, images_response.py, model.py and
resources/images.py; the families of model ids as in developers.openai.com/docs/models. Read 2026-11-24.
"""

from typing import Any

from src.ai.providers.contract import ImageRequest, ListedModel, ProviderConnection
from src.ai.providers.image_events import wants_previews
from src.ai.providers.json_values import date_of
from src.ai.providers.openai_compatible import OpenAICompatible

DALL_E = "dall-e-"
# The list names no modality; these prefixes are all that makes pictures.
IMAGE_FAMILIES = ("gpt-image-", "chatgpt-image-", DALL_E)


class OpenAI(OpenAICompatible):
    slug = "openai"
    label = "OpenAI"
    base_url = "https://api.openai.com/v1"
    needs_key = "always"
    streams_previews = True
    parameters = frozenset(
        {"size", "quality", "style", "background", "output_format", "output_compression", "partial_images"}
    )
    invalid_key_codes = ("invalid_api_key",)

    def to_payload(self, request: ImageRequest, conn: ProviderConnection) -> dict[str, Any]:
        """GPT image models always answer base64 and reject `response_format`; DALL-E needs it for base64."""
        payload = super().to_payload(request, conn)
        payload.pop("response_format", None)
        if request.model_id.startswith(DALL_E):
            payload["response_format"] = "b64_json"
        if wants_previews(request):
            payload |= {"stream": True, "partial_images": request.partial_images}
        return payload

    def read_model(self, entry: dict[str, Any]) -> ListedModel:
        model_id = entry["id"]
        makes_images = model_id.startswith(IMAGE_FAMILIES)
        does = ("image",) if model_id.startswith("dall-e-3") else ("image", "image_edit")
        return ListedModel(
            model_id=model_id,
            capabilities=does if makes_images else None,
            is_guess=makes_images,
            shutdown_date=date_of(entry.get("shutdown_date")),
        )
