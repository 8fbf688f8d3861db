"""The paid calls of a claimed job: what was sent before is read or asked again, what was not is sent."""

import asyncio
import random
from collections.abc import Collection
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from src.ai.models import Charged, ProviderCall, ProviderCallStatus
from src.ai.providers.contract import CallResult, ImageEditRequest, ImageRequest, ImageResult
from src.ai.providers.errors import ProviderError, ServiceFailed, is_outage, surely_not_accepted
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.inbox import call_path, read_answer
from src.ai.services.job_circuits import note_answer, note_no_call, note_outage
from src.ai.services.job_claims import lock_owned
from src.ai.services.job_errors import Interrupted, JobCancelled, describe_error, restore_error
from src.ai.services.tickets import Claim, Ticket, load_pictures
from src.core import background, db
from src.core.errors import AppError

LONGEST_RETRY_PAUSE_S = 20.0
STOPPED = ("server_stopping", "lease_lost")
NO_CALL = (*STOPPED, "cancelled", "access_lost", "inputs_gone", "already_sent", "internal")
"""Reasons for which a call was not made, or says nothing of the service."""
log = structlog.get_logger("negareh.generation")


async def collect_calls(ticket: Ticket, recorder: CallRecorder) -> ImageResult:
    """What became of every call that is not booked yet, in the order of their indices. Raises OSError where an edit's
    pictures cannot be read."""
    unbooked = [call for call in ticket.calls if call.finished_at is None]
    unsent = {call.index: call for call in unbooked if call.status == ProviderCallStatus.PREPARED}
    left = [call for call in unbooked if call.index not in unsent]
    recovered = await asyncio.gather(*(_recover(ticket, call, recorder) for call in left))
    found = {call.call_index: call for call in recovered}
    if unsent:
        found |= await _send(ticket, recorder, unsent)
    return ImageResult(calls=tuple(found[index] for index in sorted(found)))


def what_stopped(result: ImageResult) -> str:
    """`lease_lost` or `server_stopping`, if that kept a call from being sent; else ""."""
    reasons = {call.error.reason for call in result.calls if call.error}
    return next((reason for reason in reversed(STOPPED) if reason in reasons), "")


async def _recover(ticket: Ticket, call: ProviderCall, recorder: CallRecorder) -> CallResult:
    """Of a call that an earlier runner sent: the answer that it kept, the job that it left, or what it knew."""
    path = call_path(ticket.generation_id, call.index, call.attempt)
    received = await db.run_with_files(partial(read_answer, path))
    failed = partial(CallResult, call_index=call.index, asked=call.asked)
    try:
        if received is not None:
            return await ticket.adapter.read_received(ticket.connection, ticket.request, received=received)
        if call.resume_handle and call.status == ProviderCallStatus.SENT:
            return await ticket.adapter.resume(
                ticket.connection,
                ticket.request,
                handle=call.resume_handle,
                call_index=call.index,
                on_event=recorder,
            )
    except ProviderError as exc:
        return failed(error=exc, usage=exc.usage)
    except Exception as exc:
        log.error("recovery_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        return failed(error=ServiceFailed(charged=Charged.UNKNOWN, reason="internal"))
    stored = restore_error(call.error_code, call.error_facts, call.charged) if call.error_code else None
    return failed(error=stored if isinstance(stored, ProviderError) else Interrupted(charged=Charged.UNKNOWN))


async def _send(ticket: Ticket, recorder: CallRecorder, unsent: dict[int, ProviderCall]) -> dict[int, CallResult]:
    """Ask for what was not sent yet, again where the service surely did not accept it."""
    try:
        if ticket.refusal is not None:
            raise ticket.refusal
        request = await db.run_with_files(load_pictures, ticket=ticket)
    except AppError as exc:
        reason = exc.code if exc.code in NO_CALL else "access_lost"
        return {
            index: CallResult(call_index=index, asked=call.asked, error=JobCancelled(reason=reason))
            for index, call in unsent.items()
        }
    done: dict[int, CallResult] = {}
    pending = dict(unsent)
    for attempt in range(1, settings.JOB_ATTEMPTS + 1):
        recorder.sent -= pending.keys()
        fresh = _by_index(await _ask_provider(ticket, request, recorder), pending, recorder)
        await _tell_circuit(ticket, fresh.values())
        done |= fresh
        pending = {index: pending[index] for index, call in fresh.items() if _may_be_sent_again(call)}
        again = [done[index] for index in pending]
        pause_s = _pause_before_retry(again, attempt)
        if not pending or pause_s is None or attempt == settings.JOB_ATTEMPTS or background.is_draining():
            break
        await asyncio.sleep(pause_s)
        if not await db.run(prepare_again, claim=ticket.claim, results=again):
            break
    return done


def _may_be_sent_again(call: CallResult) -> bool:
    return call.error is not None and surely_not_accepted(call.error) and not call.error.permanent


def _by_index(result: ImageResult, pending: dict[int, ProviderCall], recorder: CallRecorder) -> dict[int, CallResult]:
    """One result for each pending call: what stopped the request as a whole stopped each of them, and what was never
    sent cost nothing."""
    found = {call.call_index: call for call in result.calls if call.call_index in pending}
    whole = result.calls[0].error if len(result.calls) == 1 else None
    for index, call in pending.items():
        if index not in found or whole is not None:
            error = whole or ServiceFailed(charged=Charged.UNKNOWN, reason="internal")
            if index not in recorder.sent and error.charged != Charged.NO:
                error = ServiceFailed(charged=Charged.NO, reason=error.reason)
            found[index] = CallResult(call_index=index, asked=call.asked, error=error, usage=error.usage)
    return found


def _pause_before_retry(calls: Collection[CallResult], attempt: int) -> float | None:
    """Seconds; None where the service asks for more patience than a caller has."""
    asked = max((call.error.retry_after_s or 0.0 for call in calls if call.error), default=0.0)
    if asked > LONGEST_RETRY_PAUSE_S:
        return None
    return max(asked, 2.0 ** (attempt - 1)) * random.uniform(1.0, 1.25)  # noqa: S311 (spreads retries)


@transaction.atomic
def prepare_again(*, claim: Claim, results: Collection[CallResult]) -> bool:
    """Close the attempts that were not accepted, and prepare the next ones. False if the lease was lost or the job
    called off."""
    generation = lock_owned(claim)
    if generation is None or generation.cancel_requested_at is not None:
        return False
    for result in results:
        row = generation.calls.filter(index=result.call_index).last()
        if row is None or result.error is None or row.status == ProviderCallStatus.PREPARED:
            continue
        generation.calls.filter(pk=row.pk).update(
            status=ProviderCallStatus.FAILED,
            charged=Charged.NO,
            error_code=result.error.code,
            error_facts=describe_error(result.error),
            finished_at=timezone.now(),
        )
        generation.calls.create(index=row.index, attempt=row.attempt + 1, asked=row.asked)
    return True


async def _tell_circuit(ticket: Ticket, calls: Collection[CallResult]) -> None:
    """The circuit of this provider and key learns whether the service is out."""
    where = {"provider_id": ticket.provider.pk, "key_fingerprint": ticket.key_row.key_fingerprint}
    errors = [call.error for call in calls]
    try:
        if any(error is not None and is_outage(error) for error in errors):
            await db.run(note_outage, **where)
        elif any(error is None or error.reason not in NO_CALL for error in errors):
            await db.run(note_answer, **where)
        else:
            await db.run(note_no_call, **where)
    except Exception as exc:  # noqa: BLE001 (what is paid for goes before the circuit's count)
        log.error("circuit_not_told", provider=ticket.provider.slug, exc_info=exc)


async def _ask_provider(ticket: Ticket, request: ImageRequest, recorder: CallRecorder) -> ImageResult:
    """The provider's pictures, or what went wrong."""
    adapter = ticket.adapter
    try:
        if isinstance(request, ImageEditRequest):
            return await adapter.edit(ticket.connection, request, on_event=recorder)
        return await adapter.generate(ticket.connection, request, on_event=recorder)
    except ProviderError as exc:
        return ImageResult(calls=(CallResult(asked=request.n, error=exc, usage=exc.usage),))
    except Exception as exc:
        # A defect of ours: once the call may have been sent, what it cost is unclear.
        log.error("adapter_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        failure = ServiceFailed(charged=Charged.UNKNOWN if recorder.sent else Charged.NO, reason="internal")
        return ImageResult(calls=(CallResult(asked=request.n, error=failure),))
