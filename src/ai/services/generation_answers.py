"""A generation as the API tells it, the same right after it was made and later."""

from collections.abc import Mapping
from typing import Any

import pybase64
from django.urls import reverse

from src.ai.models import GenerationOutput, ImageGeneration
from src.core.messages import text_for
from src.media.addresses import original_url, thumbnail_urls


def describe_generation(generation: ImageGeneration, *, contents: Mapping[int, bytes] | None = None) -> dict[str, Any]:
    """The `data` of generate and of the record. `contents` (bytes by index) adds data URLs to pictures not saved."""
    outputs = _outputs_of(generation)
    return {
        "generation_id": str(generation.pk),
        "status": generation.status,
        "error_code": generation.error_code,
        "saved": bool(outputs) and all(output.asset_id for output in outputs),
        "provider": generation.provider.slug,
        "model": generation.model.model_id,
        "key_source": generation.key_source,
        "prompt": generation.prompt,
        "params_sent": generation.params_sent,
        "inputs": generation.inputs or None,
        "requested": generation.n,
        "delivered": len(outputs),
        "failures": [_describe_failure(failure) for failure in generation.failures],
        "cost_micros": generation.cost_micros,
        "cost_source": generation.cost_source,
        "charged": generation.charged,
        "generation_time_ms": _duration_ms(generation),
        "images": [_describe_output(generation, output, contents or {}) for output in outputs],
    }


def _outputs_of(generation: ImageGeneration) -> list[GenerationOutput]:
    """Without a query where a list has read them beforehand."""
    if "outputs" in getattr(generation, "_prefetched_objects_cache", {}):
        return sorted(generation.outputs.all(), key=lambda output: output.index)
    return list(generation.outputs.select_related("asset").order_by("index"))


def _describe_failure(failure: dict[str, Any]) -> dict[str, Any]:
    facts = failure.get("facts", {})
    told = {name: value for name, value in failure.items() if name != "facts"}
    return {**facts, **told, "message": text_for(failure["code"])}


def _duration_ms(generation: ImageGeneration) -> int | None:
    if generation.started_at is None or generation.finished_at is None:
        return None
    return round((generation.finished_at - generation.started_at).total_seconds() * 1000)


def _describe_output(
    generation: ImageGeneration, output: GenerationOutput, contents: Mapping[int, bytes]
) -> dict[str, Any]:
    picture: dict[str, Any] = {
        "index": output.index,
        "mime_type": output.mime_type,
        "width": output.width,
        "height": output.height,
        "bytes": output.size_bytes,
        "sha256": output.sha256,
        "revised_prompt": output.revised_prompt,
        "seed": output.seed,
    }
    if output.asset is not None:
        return picture | {
            "asset_id": str(output.asset.pk),
            "url": original_url(output.asset.pk),
            "thumbnails": thumbnail_urls(output.asset.pk),
            "title": output.asset.title,
            "alt_text": output.asset.alt_text,
        }
    if output.index in contents:
        return picture | {"image_data_url": data_url(contents[output.index], output.mime_type)}
    if output.inbox_path:
        place = {"generation_id": generation.pk, "index": output.index}
        return picture | {"url": reverse("generation-result", kwargs=place)}
    return picture


def data_url(content: bytes, mime_type: str) -> str:
    return f"data:{mime_type};base64,{pybase64.b64encode(content).decode()}"
