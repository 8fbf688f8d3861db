"""Running a claimed job: what was sent before is read or asked again, what was not is sent, all of it is stored and
booked."""

import asyncio
import random
from collections.abc import Collection

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from src.ai.models import Charged, ImageGeneration, ProviderCall, ProviderCallStatus
from src.ai.providers.contract import CallResult, ImageEditRequest, ImageResult
from src.ai.providers.errors import ProviderError, ServiceFailed, is_outage, surely_not_accepted
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.inbox import call_path, move_to_quarantine, read_answer, remove_from_inbox
from src.ai.services.job_circuits import note_answer, note_no_call, note_outage
from src.ai.services.job_claims import give_back, owned
from src.ai.services.job_errors import Interrupted, describe_error, restore_error
from src.ai.services.received_pictures import Pictures, Places, discard_pictures, keep_pictures
from src.ai.services.settlement import end_unsent, give_up, settle_result
from src.ai.services.tickets import Claim, Ticket, load_pictures, open_ticket
from src.core import background, db
from src.core.errors import AppError
from src.core.faults import reach
from src.media.services.renditions import schedule_renditions

LONGEST_RETRY_PAUSE_S = 20.0
UNKEPT_PAUSE_S = 5.0
MAX_SETBACKS = 40
"""Over three hours of tries."""
NO_CALL = ("server_stopping", "lease_lost", "cancelled", "already_sent", "internal")
"""Reasons for which a call was not made, or says nothing of the service."""
log = structlog.get_logger("negareh.generation")


async def execute(claim: Claim) -> None:
    """Bring the job to its end, or give it back where that has to wait."""
    try:
        await _execute(claim)
    except Exception as exc:
        log.error("job_set_back", generation_id=str(claim.generation_id), exc_info=exc)
        await _hand_back(claim)


async def _execute(claim: Claim) -> None:
    reach("claimed")
    try:
        ticket = await db.run(open_ticket, claim=claim)
    except AppError as exc:
        await db.run(end_unsent, claim=claim, error=exc)
        return
    recorder = CallRecorder(claim)
    result = await _collect(ticket, recorder)
    if result is None:
        return
    _name_replacement(ticket, result)
    pictures = await _store_and_settle(ticket, result, recorder)
    if pictures is None:
        return
    reach("settled")
    schedule_renditions([kept.original.asset_id for kept in pictures.kept if kept.original])
    await asyncio.to_thread(_clear_inbox, ticket, result, pictures)
    log.info(
        "generation_finished",
        generation_id=str(ticket.generation_id),
        provider=ticket.provider.slug,
        delivered=len(pictures.kept),
        errors=sorted({failure.code for failure in pictures.failures}),
    )


async def _collect(ticket: Ticket, recorder: CallRecorder) -> ImageResult | None:
    """What became of every call that is not booked yet. None where the job was given back, or is somebody else's."""
    unbooked = [call for call in ticket.calls if call.finished_at is None]
    unsent = {call.index: call for call in unbooked if call.status == ProviderCallStatus.PREPARED}
    left = [call for call in unbooked if call.index not in unsent]
    recovered = await asyncio.gather(*(_recover(ticket, call, recorder) for call in left))
    found = {call.call_index: call for call in recovered}
    if unsent:
        found |= await _send(ticket, recorder, unsent)
    reasons = {call.error.reason for call in found.values() if call.error}
    if "lease_lost" in reasons:
        log.warning("lease_lost", generation_id=str(ticket.generation_id))
        return None
    if "server_stopping" in reasons:
        # What was answered meanwhile lies in the inbox.
        await db.run(give_back, claim=ticket.claim)
        return None
    return ImageResult(calls=tuple(found[index] for index in sorted(found)))


async def _recover(ticket: Ticket, call: ProviderCall, recorder: CallRecorder) -> CallResult:
    """Of a call that an earlier runner sent: the answer that it kept, the job that it left, or what it knew."""
    received = await asyncio.to_thread(read_answer, call_path(ticket.generation_id, call.index))
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
        return CallResult(call_index=call.index, asked=call.asked, error=exc, usage=exc.usage)
    except Exception as exc:
        log.error("recovery_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        error: ProviderError = ServiceFailed(charged="unknown", reason="internal")
        return CallResult(call_index=call.index, asked=call.asked, error=error)
    error = Interrupted(charged="unknown")
    if call.error_code:
        stored = restore_error(call.error_code, call.error_facts, call.charged)
        error = stored if isinstance(stored, ProviderError) else error
    return CallResult(call_index=call.index, asked=call.asked, error=error)


async def _send(ticket: Ticket, recorder: CallRecorder, unsent: dict[int, ProviderCall]) -> dict[int, CallResult]:
    """Ask for what was not sent yet, again where the service surely did not accept it."""
    done: dict[int, CallResult] = {}
    pending = dict(unsent)
    for attempt in range(1, settings.JOB_ATTEMPTS + 1):
        result = await _ask_provider(ticket, recorder)
        fresh = _by_index(result, pending, recorder)
        await _tell_circuit(ticket, fresh.values())
        done |= fresh
        pending = {
            index: pending[index]
            for index, call in fresh.items()
            if call.error is not None and surely_not_accepted(call.error) and not call.error.permanent
        }
        pause_s = _pause_before_retry([done[index] for index in pending], attempt)
        if not pending or pause_s is None or attempt == settings.JOB_ATTEMPTS or background.is_draining():
            break
        await asyncio.sleep(pause_s)
        await asyncio.to_thread(_set_answers_aside, ticket, pending)
        if not await db.run(prepare_again, claim=ticket.claim, results=[done[index] for index in pending]):
            break
    return done


def _set_answers_aside(ticket: Ticket, indexes: Collection[int]) -> None:
    """A refusal may come inside a 2xx, which was kept. It must not be taken for the answer of the next attempt. Raises
    OSError."""
    for index in indexes:
        move_to_quarantine(call_path(ticket.generation_id, index))


def _by_index(result: ImageResult, pending: dict[int, ProviderCall], recorder: CallRecorder) -> dict[int, CallResult]:
    """One result for each pending call: what stopped the request as a whole stopped each of them, and what was never
    sent cost nothing."""
    found = {call.call_index: call for call in result.calls if call.call_index in pending}
    whole = result.calls[0].error if len(result.calls) == 1 else None
    for index, call in pending.items():
        if index not in found or (whole is not None and len(pending) > 1):
            error = whole or ServiceFailed(charged=Charged.UNKNOWN, reason="internal")
            if index not in recorder.sent and error.charged != Charged.NO:
                error = ServiceFailed(charged=Charged.NO, reason=error.reason)
            found[index] = CallResult(call_index=index, asked=call.asked, error=error)
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
    if not ImageGeneration.objects.filter(owned(claim), cancel_requested_at__isnull=True).exists():
        return False
    for result in results:
        row = ProviderCall.objects.filter(generation_id=claim.generation_id, index=result.call_index).last()
        if row is None or result.error is None or row.status == ProviderCallStatus.PREPARED:
            continue
        ProviderCall.objects.filter(pk=row.pk).update(
            status=ProviderCallStatus.FAILED,
            charged=Charged.NO,
            error_code=result.error.code,
            error_facts=describe_error(result.error),
            finished_at=timezone.now(),
        )
        ProviderCall.objects.create(
            generation_id=claim.generation_id, index=row.index, attempt=row.attempt + 1, asked=row.asked
        )
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


async def _ask_provider(ticket: Ticket, recorder: CallRecorder) -> ImageResult:
    """The provider's pictures, or what went wrong."""
    adapter, n = ticket.adapter, ticket.request.n
    try:
        request = await db.run_with_files(load_pictures, ticket=ticket)
        if isinstance(request, ImageEditRequest):
            return await adapter.edit(ticket.connection, request, on_event=recorder)
        return await adapter.generate(ticket.connection, request, on_event=recorder)
    except ProviderError as exc:
        return ImageResult(calls=(CallResult(asked=n, error=exc, usage=exc.usage),))
    except Exception as exc:
        # A defect of ours: once the call may have been sent, what it cost is unclear.
        log.error("adapter_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        failure = ServiceFailed(charged=Charged.UNKNOWN if recorder.sent else Charged.NO, reason="internal")
        return ImageResult(calls=(CallResult(asked=n, error=failure),))


async def _store_and_settle(ticket: Ticket, result: ImageResult, recorder: CallRecorder) -> Pictures | None:
    """The pictures kept, and booked. None where the lease was lost, or where our disk or database failed: then the
    answers lie in the inbox, and the job is tried again from there. As long as an answer is in memory alone, this goes
    on trying."""
    while True:
        pictures = Pictures(kept=(), failures=())
        try:
            reach("storing")
            pictures = await asyncio.to_thread(
                keep_pictures,
                generation_id=ticket.generation_id,
                result=result,
                places=_places_of(ticket),
                save_to_media=ticket.save_to_media,
            )
            reach("stored")
            if await db.run(settle_result, ticket=ticket, result=result, pictures=pictures):
                return pictures
            log.warning("lease_lost", generation_id=str(ticket.generation_id))
            await asyncio.to_thread(discard_pictures, pictures)
            return None
        except Exception as exc:
            log.error("storing_failed", generation_id=str(ticket.generation_id), exc_info=exc)
            await asyncio.to_thread(discard_pictures, pictures)
            if await _can_wait(recorder):
                await _hand_back(ticket.claim)
                return None
            await asyncio.sleep(UNKEPT_PAUSE_S)


async def _can_wait(recorder: CallRecorder) -> bool:
    try:
        await recorder.keep_unkept()
    except OSError as exc:
        log.error("answer_in_memory_alone", exc_info=exc)
        return False
    return True


def _set_back(*, claim: Claim) -> bool:
    setbacks = ImageGeneration.objects.filter(owned(claim)).values_list("setbacks", flat=True).first()
    if setbacks is not None and setbacks >= MAX_SETBACKS:
        return give_up(claim=claim)
    return give_back(claim=claim, is_setback=True)


async def _hand_back(claim: Claim) -> None:
    """A failure here leaves the job to its lease's end."""
    try:
        if not await db.run(_set_back, claim=claim):
            log.warning("lease_lost", generation_id=str(claim.generation_id))
    except Exception as exc:  # noqa: BLE001 (the database is what failed)
        log.error("not_given_back", generation_id=str(claim.generation_id), exc_info=exc)


def _clear_inbox(ticket: Ticket, result: ImageResult, pictures: Pictures) -> None:
    """All is booked by now: what cannot be cleared is left to the sweep. What gave no whole set of pictures is kept in
    quarantine."""
    for call in result.calls:
        path = call_path(ticket.generation_id, call.call_index)
        is_whole = bool(call.images) and len(pictures.of_call(call)) == len(call.images)
        try:
            if is_whole:
                remove_from_inbox(path)
            else:
                move_to_quarantine(path)
        except OSError as exc:
            log.error("inbox_not_cleared", path=path, exc_info=exc)


def _places_of(ticket: Ticket) -> Places:
    firsts, first = {}, 0
    for call in ticket.calls:
        firsts[call.index] = first
        first += call.asked
    return Places(firsts, first)


def _name_replacement(ticket: Ticket, result: ImageResult) -> None:
    for call in result.calls:
        if call.error is not None and call.error.reason == "model_gone" and ticket.model.replacement:
            call.error.facts["replacement"] = ticket.model.replacement
