"""OpenAI: the GPT image models, and the DALL-E shape where a row still has such a model.

Source: openai-python 3.54.0, types/image_generate_params.py and images_response.py, read 2026-11-24.
"""

from typing import Any

from src.ai.providers.contract import ImageRequest, ProviderConnection
from src.ai.providers.openai_compatible import OpenAICompatible

DALL_E = "dall-e-"


class OpenAI(OpenAICompatible):
    slug = "openai"
    label = "OpenAI"
    base_url = "https://api.openai.com/v1"
    needs_key = "always"
    parameters = frozenset({"size", "quality", "style", "background", "output_format", "output_compression"})
    invalid_key_codes = ("invalid_api_key",)

    def to_payload(self, request: ImageRequest, conn: ProviderConnection) -> dict[str, Any]:
        """GPT image models always answer base64 and reject `response_format`; DALL-E needs it for base64."""
        payload = super().to_payload(request, conn)
        payload.pop("response_format", None)
        if request.model_id.startswith(DALL_E):
            payload["response_format"] = "b64_json"
        return payload
