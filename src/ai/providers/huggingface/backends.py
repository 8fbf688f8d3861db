"""The inference backends behind Hugging Face's router: request -> payload, answer -> pictures, one table of them all.

Source: huggingface_hub 2.4.0, inference/_providers/ (one file per backend) and hf_api.py, read 2026-11-24.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pybase64

from src.ai.providers.contract import ImageEditRequest, ImageRequest, ReferenceImage
from src.ai.providers.json_values import dict_of
from src.ai.specs import split_size

TEXT_TO_IMAGE, IMAGE_TO_IMAGE = "text-to-image", "image-to-image"
HUB = "https://huggingface.co"

Payload = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Served:
    """One model at one backend, as the hub maps it; `weights` is the file of a LoRA in the model's repository."""

    backend: str
    provider_id: str
    model_id: str
    task: str
    weights: str = ""


def _base64(picture: ReferenceImage) -> str:
    return pybase64.b64encode_as_string(picture.content)


def _data_url(picture: ReferenceImage) -> str:
    return f"data:{picture.mime_type};base64,{_base64(picture)}"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """`items` finds the entries that hold pictures or links; None where the answer is the picture's bytes.
    `queued_tasks` are answered with a job; see `jobs`. `to_edit` gets the reference as `to_text` makes it: once for all
    calls of a request, since it is megabytes long."""

    path: Callable[[Served], str]
    to_generate: Callable[[Served, ImageRequest], Payload]
    to_edit: Callable[[Served, ImageEditRequest, str], Payload] | None = None
    to_text: Callable[[ReferenceImage], str] = _data_url
    items: Callable[[Payload], Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    queued_tasks: tuple[str, ...] = ()
    edits_tell_size: bool = False

    def speaks(self, task: str) -> bool:
        return task == TEXT_TO_IMAGE or (task == IMAGE_TO_IMAGE and self.to_edit is not None)

    def picture_of(self, request: ImageRequest) -> str:
        """The reference as text; "" where none goes in."""
        return self.to_text(request.references[0]) if isinstance(request, ImageEditRequest) else ""

    def to_payload(self, served: Served, request: ImageRequest, picture: str) -> Payload:
        if isinstance(request, ImageEditRequest) and self.to_edit is not None:
            return self.to_edit(served, request, picture)
        return self.to_generate(served, request)


def _told(request: ImageRequest) -> Payload:
    """What every backend takes under the same name."""
    asked = {"negative_prompt": request.negative_prompt, "seed": request.seed}
    return {name: value for name, value in asked.items() if value is not None}


def _pixels(request: ImageRequest) -> Payload:
    pair = split_size(request.size)
    return {"width": pair[0], "height": pair[1]} if pair else {}


def _size_text(request: ImageRequest) -> Payload:
    return {"size": request.size} if split_size(request.size) else {}


def hf_generate(served: Served, request: ImageRequest) -> Payload:
    return {"inputs": request.prompt, "parameters": _told(request) | _pixels(request)}


def hf_edit(served: Served, request: ImageEditRequest, picture: str) -> Payload:
    size = {"target_size": pixels} if (pixels := _pixels(request)) else {}
    parameters = {"prompt": request.prompt, **_told(request), **size}
    return {"inputs": picture, "parameters": parameters}


def fal_generate(served: Served, request: ImageRequest) -> Payload:
    """Some LoRAs need their base model named: those of Stable Diffusion, not those of FLUX."""
    payload = {"prompt": request.prompt, **_told(request), **_fal_size(request), **_fal_weights(served)}
    if served.weights and served.provider_id == "fal-ai/lora":
        payload["model_name"] = "stabilityai/stable-diffusion-xl-base-1.0"
    return payload


def fal_edit(served: Served, request: ImageEditRequest, url: str) -> Payload:
    asked = {"prompt": request.prompt, **_told(request), **_fal_size(request), **_fal_weights(served)}
    return {"image_url": url, "image_urls": [url], **asked}


def _fal_size(request: ImageRequest) -> Payload:
    pixels = _pixels(request)
    return {"image_size": pixels} if pixels else {}


def _fal_weights(served: Served) -> Payload:
    if not served.weights:
        return {}
    return {"loras": [{"path": f"{HUB}/{served.model_id}/resolve/main/{served.weights}", "scale": 1}]}


def together_generate(served: Served, request: ImageRequest) -> Payload:
    asked = {"prompt": request.prompt, **_told(request), **_pixels(request)}
    return {"model": served.provider_id, "response_format": "base64", **asked}


def together_edit(served: Served, request: ImageEditRequest, url: str) -> Payload:
    """FLUX.1 Kontext takes its picture as `image_url` only, the others as `reference_images`."""
    model = served.provider_id.lower()
    is_kontext = "kontext" in model and "flux.1" in model
    picture = {"image_url": url} if is_kontext else {"reference_images": [url]}
    asked = {"prompt": request.prompt, **_told(request)}
    return {"model": served.provider_id, "response_format": "base64", **asked, **picture}


def replicate_generate(served: Served, request: ImageRequest) -> Payload:
    asked = {"prompt": request.prompt, **_told(request), **_pixels(request)}
    if served.weights:
        asked["lora_weights"] = f"{HUB}/{served.model_id}"
    return {"input": asked, **_replicate_version(served)}


def replicate_edit(served: Served, request: ImageEditRequest, url: str) -> Payload:
    """Its models expect the picture under different names, so all of them are set, as the SDK does: in the JSON it
    stands four times."""
    pictures = {"image": url, "images": [url], "input_image": url, "input_images": [url]}
    return {"input": {"prompt": request.prompt, **_told(request), **pictures}, **_replicate_version(served)}


def _replicate_version(served: Served) -> Payload:
    _name, colon, version = served.provider_id.partition(":")
    return {"version": version} if colon else {}


def replicate_path(served: Served) -> str:
    return "/v1/predictions" if ":" in served.provider_id else f"/v1/models/{served.provider_id}/predictions"


def replicate_items(document: Payload) -> Any:
    output = document.get("output")
    return _links([output] if isinstance(output, str) else output)


def nscale_generate(served: Served, request: ImageRequest) -> Payload:
    asked = {"prompt": request.prompt, **_told(request), **_size_text(request)}
    return {"model": served.provider_id, "response_format": "b64_json", **asked}


def wavespeed_generate(served: Served, request: ImageRequest) -> Payload:
    return {"prompt": request.prompt, **_told(request), **_pixels(request)}


def wavespeed_edit(served: Served, request: ImageEditRequest, url: str) -> Payload:
    return {"image": url, "prompt": request.prompt, **_told(request)}


def zai_generate(served: Served, request: ImageRequest) -> Payload:
    return {"model": served.provider_id, "prompt": request.prompt, **_told(request), **_size_text(request)}


def _links(urls: Any) -> list[Payload]:
    return [{"url": url} for url in urls] if isinstance(urls, list) else []


def _v1_images(served: Served) -> str:
    return "/v1/images/generations"


# In the order of preference: hf-inference runs mostly on CPUs.
BACKENDS: dict[str, Backend] = {
    "fal-ai": Backend(
        path=lambda served: f"/{served.provider_id}" + ("?_subdomain=queue" if served.task == IMAGE_TO_IMAGE else ""),
        to_generate=fal_generate,
        to_edit=fal_edit,
        items=lambda document: document.get("images"),
        queued_tasks=(IMAGE_TO_IMAGE,),
        edits_tell_size=True,
    ),
    "together": Backend(
        path=_v1_images,
        to_generate=together_generate,
        to_edit=together_edit,
        items=lambda document: document.get("data"),
    ),
    "replicate": Backend(
        path=replicate_path,
        to_generate=replicate_generate,
        to_edit=replicate_edit,
        items=replicate_items,
        headers={"Prefer": "wait"},
    ),
    "nscale": Backend(
        path=_v1_images,
        to_generate=nscale_generate,
        items=lambda document: document.get("data"),
    ),
    "wavespeed": Backend(
        path=lambda served: f"/api/v3/{served.provider_id}",
        to_generate=wavespeed_generate,
        to_edit=wavespeed_edit,
        items=lambda document: _links(dict_of(document.get("data")).get("outputs")),
        queued_tasks=(TEXT_TO_IMAGE, IMAGE_TO_IMAGE),
    ),
    "zai-org": Backend(
        path=lambda served: "/api/paas/v4/async/images/generations",
        to_generate=zai_generate,
        items=lambda document: document.get("image_result"),
        headers={"Accept-Language": "en-US,en", "x-source-channel": "hugging_face"},
        queued_tasks=(TEXT_TO_IMAGE,),
    ),
    "hf-inference": Backend(
        path=lambda served: f"/models/{served.model_id}",
        to_generate=hf_generate,
        to_edit=hf_edit,
        to_text=_base64,
        edits_tell_size=True,
    ),
}


def untellable(served: Served, request: ImageRequest) -> str:
    """The parameter of ours that the backend has no name for; "" if there is none."""
    if not isinstance(request, ImageEditRequest):
        return ""
    if request.mask is not None or len(request.references) > 1:
        return "mask" if request.mask is not None else "references"
    # The SDK passes an edit's size on under a name that only two backends know.
    return "size" if split_size(request.size) and not BACKENDS[served.backend].edits_tell_size else ""
