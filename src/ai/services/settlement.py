"""The last step of a generation: ledger, totals, status, pictures, in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from src.ai.costs import real_cost_micros
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
from src.ai.providers.contract import CallResult, ImageResult
from src.ai.providers.errors import ContentRefused, KeyInvalid, ProviderError
from src.ai.services.received_pictures import Failure, KeptPicture, Pictures
from src.ai.services.reservation import Ticket
from src.ai.services.stored_keys import mark_key_invalid
from src.ai.specs import split_size
from src.media.models import MediaAsset, Source
from src.media.provenance import made_by_ai
from src.media.services.assets import AssetDetails, create_asset
from src.usage.services import release, settle


@dataclass(frozen=True)
class Cost:
    """`micros` is None where nobody can tell; `charged` unknown where not even that money was taken is certain."""

    micros: int | None
    source: str
    charged: str


def cost_of_call(ticket: Ticket, call: CallResult, kept: list[KeptPicture]) -> Cost:
    """What the service says it took; else its token count or pictures by the price table; else unknown."""
    if call.error is not None:
        return _cost_of_failure(ticket, call, call.error.charged)
    if call.cost_micros is not None:
        charged = Charged.NO if call.cost_micros == 0 else Charged.YES
        return Cost(call.cost_micros, CostSource.PROVIDER_REPORTED, charged)
    whole = [(picture.facts.width, picture.facts.height) for picture in kept]
    # A broken picture is paid for too: the size that was asked stands in for the one it does not tell.
    broken = [split_size(ticket.request.size)] * (len(call.images) - len(whole))
    micros = real_cost_micros(
        ticket.pricing,
        usage=call.usage,
        sizes=[*whole, *broken],
        quality=ticket.request.quality,
        resolution=ticket.request.resolution,
    )
    return Cost(micros, CostSource.CATALOGUE, Charged.NO if micros == 0 else Charged.YES)


def _cost_of_failure(ticket: Ticket, call: CallResult, charged: str) -> Cost:
    """Nothing, unknown, or the tokens that the service counts though no picture came."""
    if charged == Charged.NO:
        return Cost(0, CostSource.PROVIDER_REPORTED, charged)
    if charged == Charged.YES and call.usage:
        micros = real_cost_micros(ticket.pricing, usage=call.usage, sizes=[], quality=None)
        return Cost(micros, CostSource.CATALOGUE, charged)
    return Cost(None, CostSource.UNKNOWN, charged)


def total_of(costs: Sequence[Cost]) -> Cost:
    """Of several calls: one that is unclear leaves the whole unclear, one of unknown cost the whole cost."""
    charges = {cost.charged for cost in costs}
    charged = next(each for each in (Charged.UNKNOWN, Charged.YES, Charged.NO) if each in charges)
    amounts = [cost.micros for cost in costs if cost.micros is not None]
    if len(amounts) < len(costs):
        return Cost(None, CostSource.UNKNOWN, charged)
    sources = {cost.source for cost in costs}
    source = CostSource.CATALOGUE if CostSource.CATALOGUE in sources else CostSource.PROVIDER_REPORTED
    return Cost(sum(amounts), source, charged)


@transaction.atomic
def settle_result(*, ticket: Ticket, result: ImageResult, pictures: Pictures) -> None:
    """Book what came of the calls: pictures, and failures by what they cost.

    Charged: settled at the real cost. Not charged: given back. Unclear, if only for one of the calls: the
    reservation is held. A generation that is booked already stays as it is.
    """
    generation = _lock_running(ticket)
    if generation is None:
        return
    now = timezone.now()
    costs = [cost_of_call(ticket, call, pictures.of_call(call)) for call in result.calls]
    total = total_of(costs)
    _book(ticket, result, costs, total)
    is_priced = bool(result.images) or total.charged == Charged.YES
    cost = total if is_priced else Cost(None, CostSource.UNKNOWN, total.charged)
    for call, own in zip(result.calls, costs, strict=True):
        _close_call(generation, call, own, now)
    generation.status, generation.error_code = _end_of(result, pictures, total)
    generation.failures = [_failure(failure, costs[failure.call_index]) for failure in pictures.failures]
    generation.charged, generation.cost_micros, generation.cost_source = cost.charged, cost.micros, cost.source
    generation.token_usage = _tokens_of(result)
    generation.finished_at = now
    generation.save()
    _count(ticket, images=len(pictures.kept), micros=cost.micros or 0, now=now)
    for position, kept in enumerate(pictures.kept):
        share = share_of(cost.micros, len(pictures.kept), position)
        _write_output(ticket, generation, kept, cost_micros=share)
    if any(isinstance(call.error, KeyInvalid) for call in result.calls) and ticket.key_row.has_key:
        mark_key_invalid(row=ticket.key_row, used_fingerprint=ticket.key_row.key_fingerprint)


@transaction.atomic
def book_unstored(*, ticket: Ticket, error: ProviderError) -> None:
    """The calls brought an answer that our disk or database could not take: the reservation is held. A generation
    that is booked already stays as it is."""
    generation = _lock_running(ticket)
    if generation is None:
        return
    now = timezone.now()
    _count(ticket, images=0, micros=0, now=now)
    ProviderCall.objects.filter(generation=generation).update(
        error_code=error.code, charged=error.charged, finished_at=now
    )
    generation.status, generation.error_code = GenerationStatus.UNKNOWN, error.code
    generation.charged, generation.finished_at = error.charged, now
    generation.save()


def _lock_running(ticket: Ticket) -> ImageGeneration | None:
    generation = ImageGeneration.objects.select_for_update().get(pk=ticket.generation_id)
    return generation if generation.status == GenerationStatus.RUNNING else None


def _failure(failure: Failure, cost: Cost) -> dict[str, Any]:
    """As it is stored. Pictures that did not come beside others are not billed; else the call's charge is theirs."""
    described = asdict(failure)
    del described["call_index"]
    return {**described, "charged": failure.charged or cost.charged}


def _book(ticket: Ticket, result: ImageResult, costs: Sequence[Cost], total: Cost) -> None:
    if total.charged == Charged.UNKNOWN:
        return
    if result.images or total.charged == Charged.YES:
        micros = _booked_micros(ticket, result, costs)
        settle(movement=ticket.movement, images=len(result.images), micros=micros)
    else:
        release(movement=ticket.movement)


def _booked_micros(ticket: Ticket, result: ImageResult, costs: Sequence[Cost]) -> int | None:
    """What counts against the budgets: a call of unknown cost at the share that was held for it, so that no call of
    unknown cost gives away what is known of the others. None where nothing is known and nothing was held."""
    held = ticket.reserved_micros
    amounts = [
        cost.micros if cost.micros is not None or held is None else held * call.asked // ticket.request.n
        for call, cost in zip(result.calls, costs, strict=True)
    ]
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _close_call(generation: ImageGeneration, call: CallResult, cost: Cost, now: Any) -> None:
    values: dict[str, Any] = {"finished_at": now, "charged": cost.charged, "cost_micros": cost.micros}
    if call.upstream_request_id:
        values["upstream_request_id"] = call.upstream_request_id
    if call.error is not None:
        is_unclear = cost.charged == Charged.UNKNOWN
        values["status"] = ProviderCallStatus.UNKNOWN if is_unclear else ProviderCallStatus.FAILED
        values["error_code"] = call.error.code
        values["cost_micros"] = cost.micros if cost.charged == Charged.YES else None
    ProviderCall.objects.filter(generation=generation, index=call.call_index).update(**values)


def _end_of(result: ImageResult, pictures: Pictures, total: Cost) -> tuple[str, str]:
    """Status and error code."""
    if pictures.kept:
        return GenerationStatus.SUCCEEDED, ""
    code = pictures.failures[0].code
    if isinstance(result.calls[0].error, ContentRefused):
        return GenerationStatus.REFUSED, code
    return GenerationStatus.UNKNOWN if total.charged == Charged.UNKNOWN else GenerationStatus.FAILED, code


def _tokens_of(result: ImageResult) -> dict[str, int] | None:
    """All calls' tokens together."""
    reported = [msgspec.to_builtins(call.usage) for call in result.calls if call.usage]
    return {name: sum(usage[name] for usage in reported) for name in reported[0]} if reported else None


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
