"""The image models that the played OpenRouter lists: one from the fixtures, the rest composed alike."""

from dataclasses import dataclass
from typing import Any

from tests.upstream.wire import load_fixture

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9")


@dataclass(frozen=True)
class RouterModel:
    """One row of GET /images/models with what its endpoints call says."""

    id: str
    name: str
    provider: tuple[str, str]
    parameters: dict[str, Any]
    pricing: tuple[dict[str, Any], ...]
    supports_streaming: bool = False

    @property
    def listed(self) -> dict[str, Any]:
        inputs = ["text", "image"] if "input_references" in self.parameters else ["text"]
        return {
            "id": self.id,
            "name": self.name,
            "description": "A text-to-image model.",
            "created": 1791244800,
            "architecture": {"input_modalities": inputs, "output_modalities": ["image"]},
            "supported_parameters": self.parameters,
            "supports_streaming": self.supports_streaming,
            "endpoints": f"/api/v1/images/models/{self.id}/endpoints",
        }

    @property
    def endpoints(self) -> dict[str, Any]:
        endpoint = {
            "provider_name": self.provider[0],
            "provider_slug": self.provider[1],
            "provider_tag": self.provider[1],
            "supported_parameters": self.parameters,
            "allowed_passthrough_parameters": [],
            "supports_streaming": self.supports_streaming,
            "pricing": list(self.pricing),
        }
        return {"id": self.id, "endpoints": [endpoint]}

    @property
    def max_n(self) -> int:
        return self.parameters.get("n", {}).get("max", 10)


def _enum(*values: str) -> dict[str, Any]:
    return {"type": "enum", "values": list(values)}


def _range(low: int, high: int) -> dict[str, Any]:
    return {"type": "range", "min": low, "max": high}


def _price(billable: str, unit: str, cost_usd: float, **variant: str) -> dict[str, Any]:
    return {"billable": billable, "unit": unit, "cost_usd": cost_usd, **variant}


def _seedream_of_the_fixtures() -> RouterModel:
    listed = load_fixture("openrouter/images_models_list").json["data"][0]
    endpoint = load_fixture("openrouter/images_model_endpoints").json["endpoints"][0]
    provider = (endpoint["provider_name"], endpoint["provider_slug"])
    parameters, pricing = endpoint["supported_parameters"], tuple(endpoint["pricing"])
    return RouterModel(listed["id"], listed["name"], provider, parameters, pricing)


SEED = {"seed": {"type": "boolean"}}
MODELS = (
    _seedream_of_the_fixtures(),
    RouterModel(
        "bytedance-seed/seedream-5-0-pro",
        "Seedream 5.0 Pro",
        ("Bytedance", "bytedance"),
        {"resolution": _enum("1K", "2K"), "aspect_ratio": _enum(*RATIOS), "input_references": _range(0, 10)} | SEED,
        (
            _price("output_image", "image", 0.045, variant="1K"),
            _price("output_image", "image", 0.09, variant="2K"),
        ),
    ),
    RouterModel(
        "google/gemini-nano-banana-2.1",
        "Google: Nano Banana 2.1",
        ("Google AI Studio", "google-ai-studio"),
        {
            "n": _range(1, 1),
            "resolution": _enum("512", "1K", "2K", "4K"),
            "aspect_ratio": _enum(*RATIOS, "21:9"),
            "input_references": _range(0, 14),
        },
        (_price("input_text", "token", 1.5e-6), _price("output_image", "token", 3e-5)),
    ),
    RouterModel(
        "openai/gpt-image-2.5-flare",
        "OpenAI: GPT Image 2.5 Flare",
        ("OpenAI", "openai"),
        {
            "n": _range(1, 10),
            "quality": _enum("auto", "low", "medium", "high", "xhigh", "max"),
            "output_format": _enum("png", "jpeg", "webp"),
            "output_compression": _range(0, 100),
            "background": _enum("auto", "transparent", "opaque"),
            "input_references": _range(0, 16),
        },
        (
            _price("input_text", "token", 5e-6),
            _price("input_image", "token", 8e-6),
            _price("output_image", "token", 3e-5),
        ),
        supports_streaming=True,
    ),
    RouterModel(
        "black-forest-labs/flux.2-pro",
        "Black Forest Labs: FLUX.2 Pro",
        ("Black Forest Labs", "black-forest-labs"),
        {
            "aspect_ratio": _enum(*RATIOS),
            "output_format": _enum("png", "jpeg"),
            "input_references": _range(0, 8),
        }
        | SEED,
        (_price("output_image", "megapixel", 0.03), _price("input_reference", "megapixel", 0.015)),
    ),
    RouterModel(
        "recraft/recraft-v4.1",
        "Recraft: Recraft V4.1",
        ("Recraft", "recraft"),
        {"n": _range(1, 6), "aspect_ratio": _enum(*RATIOS), "output_format": _enum("png", "webp", "svg")},
        (_price("output_image", "image", 0.035),),
    ),
)
BY_ID = {model.id: model for model in MODELS}
