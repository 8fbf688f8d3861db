"""The last step of a generation: ledger, totals, status, pictures, in one transaction."""

from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from src.ai.models import (
    AIModel,
    AIProvider,
    Charged,
    CostSource,
    GenerationOutput,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageResult
from src.ai.providers.errors import ContentRefused, KeyInvalid, ProviderError
from src.ai.services.received_pictures import KeptPicture, Pictures
from src.ai.services.reservation import Ticket
from src.ai.services.stored_keys import mark_key_invalid
from src.ai.specs import real_cost_micros, split_size
from src.media.provenance import made_by_ai
from src.media.services.assets import AssetDetails, create_asset
from src.usage.services import release, settle


@dataclass(frozen=True)
class Cost:
    """`micros` is None where nobody can tell."""

    micros: int | None
    source: str

    @property
    def charged(self) -> str:
        return Charged.NO if self.micros == 0 else Charged.YES


def cost_of(ticket: Ticket, result: ImageResult, pictures: Pictures) -> Cost:
    """What the service says it took; else its token count or pictures by the price table; else unknown."""
    if result.cost_micros is not None:
        return Cost(result.cost_micros, CostSource.PROVIDER_REPORTED)
    sizes = [(kept.facts.width, kept.facts.height) for kept in pictures.kept]
    # A broken picture is paid for too: the size that was asked stands in for the one it does not tell.
    asked = split_size(ticket.request.size)
    broken = [asked or (0, 0)] * (len(result.images) - len(sizes))
    micros = real_cost_micros(
        ticket.pricing,
        usage=result.usage,
        sizes=[] if broken and asked is None else sizes + broken,
        quality=ticket.request.quality,
    )
    return Cost(micros, CostSource.UNKNOWN if micros is None else CostSource.CATALOGUE)


@transaction.atomic
def settle_result(*, ticket: Ticket, result: ImageResult, pictures: Pictures) -> None:
    """Book a paid answer, whether or not any of its pictures was acceptable."""
    cost, now = cost_of(ticket, result, pictures), timezone.now()
    generation = ImageGeneration.objects.select_for_update().get(pk=ticket.generation_id)
    settle(movement=ticket.movement, images=len(result.images), micros=cost.micros)
    _count(ticket, images=len(pictures.kept), micros=cost.micros or 0, now=now)
    ProviderCall.objects.filter(generation=generation).update(
        finished_at=now, charged=cost.charged, cost_micros=cost.micros
    )
    generation.status = GenerationStatus.SUCCEEDED if pictures.kept else GenerationStatus.FAILED
    generation.error_code = "" if pictures.kept else pictures.failures[0].code
    generation.failures = [asdict(failure) for failure in pictures.failures]
    generation.charged = cost.charged
    generation.cost_micros, generation.cost_source = cost.micros, cost.source
    generation.token_usage = msgspec.to_builtins(result.usage) if result.usage else None
    generation.finished_at = now
    generation.save()
    for position, kept in enumerate(pictures.kept):
        share = share_of(cost.micros, len(pictures.kept), position)
        _write_output(ticket, generation, kept, cost_micros=share)


@transaction.atomic
def settle_failure(*, ticket: Ticket, error: ProviderError, is_received: bool = False) -> None:
    """Book a call that brought nothing. Unclear: the reservation is held. Not charged: it is given back.
    Charged: it is settled, at an unknown cost. `is_received`: the call brought an answer, which could not be stored.
    A generation that is booked already stays as it is.
    """
    generation = ImageGeneration.objects.select_for_update().get(pk=ticket.generation_id)
    if generation.status != GenerationStatus.RUNNING:
        return
    now, charged = timezone.now(), error.charged
    status = GenerationStatus.REFUSED if isinstance(error, ContentRefused) else GenerationStatus.FAILED
    call_status = ProviderCallStatus.FAILED
    if charged == Charged.UNKNOWN:
        call_status = ProviderCallStatus.RECEIVED if is_received else ProviderCallStatus.UNKNOWN
        if status != GenerationStatus.REFUSED:
            status = GenerationStatus.UNKNOWN
    elif charged == Charged.YES:
        settle(movement=ticket.movement, images=0, micros=None)
    else:
        release(movement=ticket.movement)
    _count(ticket, images=0, micros=0, now=now)
    ProviderCall.objects.filter(generation_id=ticket.generation_id).update(
        status=call_status, error_code=error.code, charged=charged, finished_at=now
    )
    ImageGeneration.objects.filter(pk=ticket.generation_id).update(
        status=status, error_code=error.code, charged=charged, finished_at=now
    )
    if isinstance(error, KeyInvalid) and ticket.key_row.has_key:
        mark_key_invalid(row=ticket.key_row, used_fingerprint=ticket.key_row.key_fingerprint)


def _count(ticket: Ticket, *, images: int, micros: int, now: Any) -> None:
    rows: tuple[models.Model, ...] = (ticket.provider, ticket.model, ticket.own)
    for row in rows:
        type(row)._default_manager.filter(pk=row.pk).update(
            total_requests=F("total_requests") + 1,
            total_images=F("total_images") + images,
            total_cost_micros=F("total_cost_micros") + micros,
            last_used_at=now,
        )


def share_of(micros: int | None, count: int, position: int) -> int | None:
    """One picture's part of a generation's cost; the parts add up to it."""
    if micros is None:
        return None
    return micros // count + (1 if position < micros % count else 0)


def _write_output(ticket: Ticket, generation: ImageGeneration, kept: KeptPicture, *, cost_micros: int | None) -> None:
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
    output.save()


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
        "revised_prompt": output.revised_prompt,
        "seed": output.seed,
        "cost_source": generation.cost_source,
        "price_snapshot": generation.price_snapshot,
        "token_usage": generation.token_usage,
        "started_at": generation.started_at and generation.started_at.isoformat(),
        "finished_at": generation.finished_at and generation.finished_at.isoformat(),
    }
