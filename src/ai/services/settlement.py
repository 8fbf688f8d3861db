"""The last step of a generation: ledger, totals, status, pictures, in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from src.ai.models import (
    Charged,
    CostSource,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.providers.contract import CallResult, ImageResult
from src.ai.providers.errors import ContentRefused, KeyInvalid, ProviderError
from src.ai.services.call_costs import Cost, booked_micros, cost_of_call, share_of, total_of
from src.ai.services.generation_outputs import write_output
from src.ai.services.received_pictures import Failure, Pictures
from src.ai.services.reservation import Ticket
from src.ai.services.stored_keys import mark_key_invalid
from src.usage.services import release, settle


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
        write_output(ticket, generation, kept, cost_micros=share)
    if any(isinstance(call.error, KeyInvalid) for call in result.calls) and ticket.key_row.has_key:
        mark_key_invalid(row=ticket.key_row, used_fingerprint=ticket.key_row.key_fingerprint)


@transaction.atomic
def book_unstored(*, ticket: Ticket, error: ProviderError) -> None:
    """Our disk or database could not take what the calls brought: by the error's charge the reservation is held or
    given back. A generation that is booked already stays as it is."""
    generation = _lock_running(ticket)
    if generation is None:
        return
    now = timezone.now()
    _count(ticket, images=0, micros=0, now=now)
    ProviderCall.objects.filter(generation=generation).update(
        error_code=error.code, charged=error.charged, finished_at=now
    )
    is_free = error.charged == Charged.NO
    if is_free:
        release(movement=ticket.movement)
    generation.status = GenerationStatus.FAILED if is_free else GenerationStatus.UNKNOWN
    generation.error_code = error.code
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
        micros = booked_micros(ticket, result, costs)
        settle(movement=ticket.movement, images=len(result.images), micros=micros)
    else:
        release(movement=ticket.movement)


def _close_call(generation: ImageGeneration, call: CallResult, cost: Cost, now: Any) -> None:
    values: dict[str, Any] = {"finished_at": now, "charged": cost.charged, "cost_micros": cost.micros}
    if call.upstream_request_id:
        values["upstream_request_id"] = call.upstream_request_id
    if call.error is not None:
        is_unclear = cost.charged == Charged.UNKNOWN
        values["status"] = ProviderCallStatus.UNKNOWN if is_unclear else ProviderCallStatus.FAILED
        values["error_code"] = call.error.code
        values["cost_micros"] = cost.micros if cost.charged == Charged.YES else None
    rows = ProviderCall.objects.filter(generation=generation, index=call.call_index)
    rows.update(**values)
    if call.error is None:
        # Where the row could not say so when the answer came.
        rows.filter(status=ProviderCallStatus.SENT).update(status=ProviderCallStatus.RECEIVED)


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
