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
from src.ai.providers.errors import (
    BrokenAnswer,
    ContentRefused,
    KeyInvalid,
    NoImageReturned,
    ServiceFailed,
    UnsupportedImageType,
)
from src.ai.services.call_costs import Cost, booked_micros, cost_of_call, share_of, total_of
from src.ai.services.generation_outputs import write_output
from src.ai.services.job_claims import lock_owned
from src.ai.services.job_errors import JobCancelled, describe_error
from src.ai.services.job_events import note_state
from src.ai.services.order_rules import limits_of
from src.ai.services.received_pictures import Failure, Pictures
from src.ai.services.stored_keys import mark_key_invalid
from src.ai.services.tickets import Claim, Ticket, latest_calls
from src.core.errors import AppError
from src.usage.services import Movement, ScopeLimit, note_warnings, release, settle

ERROR_BY_CODE = {kind.error_code: kind for kind in (BrokenAnswer, NoImageReturned, UnsupportedImageType)}


@transaction.atomic
def settle_result(
    *, ticket: Ticket, result: ImageResult, pictures: Pictures, sent: frozenset[int] = frozenset()
) -> bool:
    """Book what came of the calls: pictures, and failures by what they cost. False if the lease was lost. `sent` are
    the calls of this run: only they were sent with the key of now.

    Charged: settled at the real cost. Not charged: given back. Unclear, if only for one of the calls: the
    reservation is held. `result` holds the calls that are not booked yet; those of an earlier end stay as they are.
    """
    generation = lock_owned(ticket.claim)
    if generation is None:
        return False
    now = timezone.now()
    is_first_end, counted_micros = generation.finished_at is None, generation.cost_micros or 0
    for call in result.calls:
        kept = pictures.of_call(call)
        cost = cost_of_call(ticket, call, kept)
        _close_call(generation, call, cost, now)
        for position, picture in enumerate(kept):
            write_output(ticket, generation, picture, cost_micros=share_of(cost.micros, len(kept), position))
    calls = latest_calls(generation)
    costs = [cost_of_row(call) for call in calls]
    total = total_of(costs)
    book(generation, calls, costs, total)
    is_priced = any(call.brought for call in calls) or total.charged == Charged.YES
    cost = total if is_priced else Cost(None, CostSource.UNKNOWN, total.charged)
    generation.failures = _failures(generation, ticket, result, pictures)
    _write_end(generation, calls, total)
    generation.charged, generation.cost_micros, generation.cost_source = cost.charged, cost.micros, cost.source
    generation.token_usage = _tokens_of(calls)
    generation.lease_until = None
    generation.finished_at = generation.finished_at or now
    generation.save()
    _count(
        ticket,
        requests=1 if is_first_end else 0,
        images=len(pictures.kept),
        micros=(cost.micros or 0) - counted_micros,
        now=now,
    )
    refused = [call for call in result.calls if isinstance(call.error, KeyInvalid) and call.call_index in sent]
    if refused and ticket.key_row.has_key:
        mark_key_invalid(row=ticket.key_row, used_fingerprint=ticket.key_row.key_fingerprint)
    note_state(generation)
    return True


@transaction.atomic
def end_unsent(*, claim: Claim, error: AppError, status: str = GenerationStatus.FAILED) -> bool:
    """A job of which nothing was sent ends without cost. False if the lease was lost."""
    generation = lock_owned(claim)
    if generation is None:
        return False
    end_without_cost(generation, error, status=status)
    return True


@transaction.atomic
def give_up(*, claim: Claim) -> bool:
    """The end of a job that could not be brought to an end however often it was tried: without cost if nothing was
    sent, else unclear, with its reservation held. False if the lease was lost."""
    generation = lock_owned(claim)
    if generation is None:
        return False
    error = ServiceFailed(charged=Charged.UNKNOWN, reason="storing_failed")
    if not generation.calls.filter(sent_at__isnull=False).exists():
        end_without_cost(generation, error, status=GenerationStatus.FAILED)
        return True
    # Nothing is sent for it any more.
    generation.calls.filter(status=ProviderCallStatus.PREPARED).update(
        status=ProviderCallStatus.FAILED, error_code=error.code, finished_at=timezone.now()
    )
    generation.status, generation.charged = GenerationStatus.UNKNOWN, Charged.UNKNOWN
    generation.error_code, generation.error_facts = error.code, describe_error(error)
    generation.finished_at, generation.lease_until = generation.finished_at or timezone.now(), None
    generation.save()
    note_state(generation)
    return True


def end_without_cost(generation: ImageGeneration, error: AppError, *, status: str) -> None:
    """Give all back. Inside a transaction that holds the row."""
    now = timezone.now()
    generation.calls.filter(finished_at__isnull=True).update(
        status=ProviderCallStatus.FAILED, error_code=error.code, charged=Charged.NO, finished_at=now
    )
    release(movement=movement_of(generation))
    generation.status, generation.error_code = status, error.code
    generation.error_facts = describe_error(error)
    generation.charged, generation.finished_at, generation.lease_until = Charged.NO, now, None
    generation.save()
    note_state(generation)


def movement_of(generation: ImageGeneration) -> Movement:
    return Movement(
        generation.pk,
        generation.admin_id,
        generation.provider.slug,
        generation.model.model_id,
        generation.key_source,
    )


def cost_of_row(call: ProviderCall) -> Cost:
    if call.charged == Charged.NO:
        return Cost(0, CostSource.PROVIDER_REPORTED, Charged.NO)
    return Cost(call.cost_micros, call.cost_source, call.charged)


def _failures(
    generation: ImageGeneration, ticket: Ticket, result: ImageResult, pictures: Pictures
) -> list[dict[str, Any]]:
    """As they are stored, by index. Pictures that did not come beside others are not billed; else the call's charge
    is theirs."""
    charges = {call.index: call.charged for call in latest_calls(generation)}
    first, renewed = 0, set()
    fresh = {call.call_index for call in result.calls}
    for call in ticket.calls:
        if call.index in fresh:
            renewed |= set(range(first, first + call.asked))
        first += call.asked
    kept = [each for each in generation.failures if each["index"] not in renewed]
    new = [_failure(failure, charges[failure.call_index]) for failure in pictures.failures]
    return sorted([*kept, *new], key=lambda each: each["index"])


def _failure(failure: Failure, charged: str) -> dict[str, Any]:
    described = asdict(failure)
    del described["call_index"]
    return {**described, "charged": failure.charged or charged}


def book(generation: ImageGeneration, calls: Sequence[ProviderCall], costs: Sequence[Cost], total: Cost) -> None:
    """Into the ledger, once; nothing as long as it is unclear what was charged."""
    if total.charged == Charged.UNKNOWN:
        return
    brought = sum(call.brought for call in calls)
    if brought or total.charged == Charged.YES:
        micros = booked_micros(generation.reserved_micros, [call.asked for call in calls], costs)
        settle(movement=movement_of(generation), images=brought, micros=micros)
        note_warnings(movement=movement_of(generation), limits=_limits_of(generation))
    else:
        release(movement=movement_of(generation))


def _limits_of(generation: ImageGeneration) -> Sequence[ScopeLimit]:
    own = generation.provider.person_settings.get(admin_id=generation.admin_id)
    return limits_of(
        person_id=generation.admin_id, key_source=generation.key_source, provider=generation.provider, own=own
    )


def _close_call(generation: ImageGeneration, call: CallResult, cost: Cost, now: Any) -> None:
    values: dict[str, Any] = {
        "finished_at": now,
        "charged": cost.charged,
        "cost_micros": cost.micros,
        "cost_source": cost.source,
        "brought": len(call.images),
        "token_usage": msgspec.to_builtins(call.usage) if call.usage else None,
        "error_code": "",
        "error_facts": {},
    }
    if call.upstream_request_id:
        values["upstream_request_id"] = call.upstream_request_id
    if call.error is not None:
        is_unclear = cost.charged == Charged.UNKNOWN
        values["status"] = ProviderCallStatus.UNKNOWN if is_unclear else ProviderCallStatus.FAILED
        values["error_code"] = call.error.code
        values["error_facts"] = describe_error(call.error)
        values["cost_micros"] = cost.micros if cost.charged == Charged.YES else None
        values["cost_source"] = cost.source if values["cost_micros"] is not None else CostSource.UNKNOWN
    rows = ProviderCall.objects.filter(generation=generation, index=call.call_index, finished_at__isnull=True)
    if call.error is None:
        # Where the row could not say so when the answer came.
        rows.filter(status=ProviderCallStatus.SENT).update(status=ProviderCallStatus.RECEIVED)
    rows.update(**values)


def _write_end(generation: ImageGeneration, calls: Sequence[ProviderCall], total: Cost) -> None:
    """Status, error code and the error's facts."""
    generation.error_code, generation.error_facts = "", {}
    if generation.outputs.exists():
        generation.status = GenerationStatus.SUCCEEDED
        return
    first = generation.failures[0]
    generation.error_code = first["code"]
    if calls[0].error_code:
        generation.error_facts = calls[0].error_facts
    elif first["code"] in ERROR_BY_CODE:
        generation.error_facts = describe_error(ERROR_BY_CODE[first["code"]](reason=first["reason"]))
    if first["code"] == ContentRefused.error_code:
        generation.status = GenerationStatus.REFUSED
    elif total.charged == Charged.UNKNOWN:
        generation.status = GenerationStatus.UNKNOWN
    else:
        is_cancelled = first["code"] == JobCancelled.error_code and total.charged == Charged.NO
        generation.status = GenerationStatus.CANCELLED if is_cancelled else GenerationStatus.FAILED


def _tokens_of(calls: Sequence[ProviderCall]) -> dict[str, int] | None:
    """All calls' tokens together."""
    reported = [call.token_usage for call in calls if call.token_usage]
    return {name: sum(usage[name] for usage in reported) for name in reported[0]} if reported else None


def count_cost(generation: ImageGeneration, *, micros: int) -> None:
    """Add to the totals what was decided later."""
    for row in (generation.provider, generation.model):
        type(row)._default_manager.filter(pk=row.pk).update(total_cost_micros=F("total_cost_micros") + micros)
    generation.provider.person_settings.filter(admin_id=generation.admin_id).update(
        total_cost_micros=F("total_cost_micros") + micros
    )


def _count(ticket: Ticket, *, requests: int, images: int, micros: int, now: Any) -> None:
    rows: tuple[models.Model, ...] = (ticket.provider, ticket.model, ticket.own)
    for row in rows:
        type(row)._default_manager.filter(pk=row.pk).update(
            total_requests=F("total_requests") + requests,
            total_images=F("total_images") + images,
            total_cost_micros=F("total_cost_micros") + micros,
            last_used_at=now,
        )
