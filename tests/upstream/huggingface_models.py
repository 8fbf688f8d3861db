"""The models that the played hub lists, and what each backend calls them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.upstream.wire import Answer, Refusal

LIGHTNING = "bytedance/sdxl-lightning-4step:5599ed30703defd1d160a25a63321b4dec97101d98b4674bcc56e41f62f35637"


@dataclass(frozen=True)
class HubModel:
    """`ids` are the model's names at the backends that serve it; `weights` is a LoRA's file."""

    task: str
    ids: Mapping[str, str]
    weights: str | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)


MODELS = {
    "black-forest-labs/FLUX.1-dev": HubModel(
        "text-to-image", {"fal-ai": "fal-ai/flux/dev", "replicate": "black-forest-labs/flux-dev"}
    ),
    "black-forest-labs/FLUX.1-schnell": HubModel(
        "text-to-image",
        {
            "hf-inference": "black-forest-labs/FLUX.1-schnell",
            "wavespeed": "wavespeed-ai/flux-dev",
            "nscale": "black-forest-labs/FLUX.1-schnell",
            "replicate": "black-forest-labs/flux-schnell",
            "together": "black-forest-labs/FLUX.1-schnell",
            "fal-ai": "fal-ai/flux/schnell",
            "zai-org": "glm-image",
            "elsewhere": "flux",
        },
    ),
    "black-forest-labs/FLUX.1-Kontext-dev": HubModel(
        "image-to-image",
        {
            "fal-ai": "fal-ai/flux-2/klein/9b/edit",
            "replicate": "black-forest-labs/flux-kontext-dev",
            "together": "black-forest-labs/FLUX.1-kontext-dev",
            "wavespeed": "wavespeed-ai/flux-kontext-dev",
            "hf-inference": "black-forest-labs/FLUX.1-Kontext-dev",
        },
    ),
    "black-forest-labs/FLUX.2-dev": HubModel("image-to-image", {"together": "black-forest-labs/FLUX.2-dev"}),
    "ByteDance/SDXL-Lightning": HubModel("text-to-image", {"replicate": LIGHTNING}),
    "example/pixel-art": HubModel(
        "text-to-image",
        {"fal-ai": "fal-ai/lora", "replicate": "lucataco/flux-dev-lora"},
        weights="pixel-art.safetensors",
    ),
    "example/resting": HubModel("text-to-image", {"fal-ai": "fal-ai/resting"}, statuses={"fal-ai": "error"}),
    "example/elsewhere": HubModel("text-to-image", {"elsewhere": "example"}),
}
BACKENDS = ("fal-ai", "together", "replicate", "nscale", "wavespeed", "zai-org", "hf-inference")


def mapping_of(model_id: str) -> list[dict[str, Any]]:
    model = MODELS[model_id]
    extra = {"adapter": "lora", "adapterWeightsPath": model.weights} if model.weights else {}
    return [
        {
            "provider": name,
            "providerId": provider_id,
            "status": model.statuses.get(name, "live"),
            "task": model.task,
            **extra,
        }
        for name, provider_id in model.ids.items()
    ]


def listed(task: str) -> list[dict[str, Any]]:
    return [
        {"_id": "66aa", "id": model_id, "pipeline_tag": task, "inferenceProviderMapping": mapping_of(model_id)}
        for model_id, model in MODELS.items()
        if model.task == task
    ]


def model_at(backend: str, provider_id: Any) -> HubModel:
    """By its name there, or by its version; raises Refusal for none."""
    for model in MODELS.values():
        name = model.ids.get(backend, "")
        if name and provider_id in (name, name.partition(":")[2]):
            return model
    message = f"The requested model '{provider_id}' is not supported by provider {backend}"
    raise Refusal(Answer.of_json({"error": message}, status=400))
