"""A generation's pictures as rows: the output, and the asset of the library with all that it knows of its making."""

from typing import Any

from src.ai.models import AIModel, AIProvider, GenerationOutput, ImageGeneration
from src.ai.providers import get_adapter
from src.ai.services.received_pictures import KeptPicture
from src.ai.services.tickets import Ticket
from src.media.models import MediaAsset, Source
from src.media.provenance import made_by_ai
from src.media.services.assets import AssetDetails, create_asset


def write_output(ticket: Ticket, generation: ImageGeneration, kept: KeptPicture, *, cost_micros: int | None) -> None:
    output = GenerationOutput(
        generation=generation,
        index=kept.index,
        inbox_path=kept.inbox_path,
        mime_type=kept.facts.mime_type,
        width=kept.facts.width,
        height=kept.facts.height,
        size_bytes=kept.facts.size_bytes,
        sha256=kept.sha256,
        revised_prompt=kept.image.revised_prompt,
        seed=kept.image.seed,
        cost_micros=cost_micros,
    )
    if kept.original is not None:
        details = asset_details(generation, ticket.provider, ticket.model, output)
        output.asset = create_asset(original=kept.original, details=details)
        note_parents(output.asset, generation)
    output.save()


def note_parents(asset: MediaAsset, generation: ImageGeneration) -> None:
    """Of which pictures of the library this one was made; what was purged meanwhile is left out."""
    ids = {each["asset_id"] for each in generation.inputs.get("references", []) if each["asset_id"]}
    if ids:
        asset.made_from.set(MediaAsset.objects.select_for_update(no_key=True).filter(pk__in=ids))


def asset_details(
    generation: ImageGeneration, provider: AIProvider, model: AIModel, output: GenerationOutput
) -> AssetDetails:
    """What the library keeps with a picture, so that it needs no row of ours to tell where it came from."""
    adapter = get_adapter(provider.adapter)
    return AssetDetails(
        owner_id=generation.admin_id,
        title=generation.title,
        alt_text=generation.alt_text,
        visibility=generation.visibility,
        source=Source.EDITED if generation.inputs else Source.GENERATED,
        snapshot={
            "generation_id": generation.pk,
            "provider_slug": provider.slug,
            "model_id": model.model_id,
            "prompt": generation.prompt,
            "params": generation.params_sent,
            "cost_micros": output.cost_micros,
            "snapshot": _snapshot(generation, output),
        },
        provenance=made_by_ai(
            provider_label=provider.label,
            model_id=model.model_id,
            is_trained_model=adapter.is_trained_model if adapter else True,
        ),
    )


def _snapshot(generation: ImageGeneration, output: GenerationOutput) -> dict[str, Any]:
    """What the library tells of a generation besides the columns that it filters by."""
    return {
        "index": output.index,
        "requested": generation.n,
        "key_source": generation.key_source,
        "params_asked": generation.params_asked,
        # How many, not which: those who see this picture may not see what it was made of.
        "reference_images": len(generation.inputs.get("references", [])),
        "has_mask": bool(generation.inputs.get("mask")),
        "revised_prompt": output.revised_prompt,
        "seed": output.seed,
        "cost_source": generation.cost_source,
        "price_snapshot": generation.price_snapshot,
        "token_usage": generation.token_usage,
        "started_at": generation.started_at and generation.started_at.isoformat(),
        "finished_at": generation.finished_at and generation.finished_at.isoformat(),
    }
