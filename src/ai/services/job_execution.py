"""Running a claimed job: its calls, then storing and booking what they brought."""

import asyncio
from uuid import UUID

import structlog

from src.ai.models import AIProvider, ImageGeneration
from src.ai.providers.contract import ImageResult
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.inbox import call_path, move_to_quarantine, remove_from_inbox
from src.ai.services.job_calls import collect_calls, what_stopped
from src.ai.services.job_circuits import note_no_call
from src.ai.services.job_claims import give_back, key_fingerprint_of, owned
from src.ai.services.received_pictures import Pictures, Places, discard_pictures, keep_pictures
from src.ai.services.settlement import end_unsent, give_up, settle_result
from src.ai.services.tickets import Claim, Ticket, open_ticket
from src.core import db
from src.core.errors import AppError
from src.core.faults import reach
from src.media.models import MediaAsset
from src.media.services.renditions import schedule_renditions

UNKEPT_PAUSE_S = 5.0
MAX_SETBACKS = 40
"""Over three hours of tries."""
log = structlog.get_logger("negareh.generation")


async def execute(claim: Claim) -> None:
    """Bring the job to its end, or give it back where that has to wait."""
    recorder = CallRecorder(claim)
    try:
        await _execute(claim, recorder)
    except Exception as exc:
        log.error("job_set_back", generation_id=str(claim.generation_id), exc_info=exc)
        await _keep_all(recorder)
        await _hand_back(claim)


async def _execute(claim: Claim, recorder: CallRecorder) -> None:
    reach("claimed")
    try:
        ticket = await db.run(open_ticket, claim=claim)
    except AppError as exc:
        await db.run(end_unsent, claim=claim, error=exc)
        await db.run(_free_probe, claim=claim)
        return
    result = await collect_calls(ticket, recorder)
    stopped = what_stopped(result)
    if stopped:
        await _keep_all(recorder)
        log.info("job_left", generation_id=str(claim.generation_id), reason=stopped)
        if stopped == "server_stopping":
            # What was answered meanwhile lies in the inbox.
            await db.run(give_back, claim=claim)
        return
    _name_replacement(ticket, result)
    pictures = await _store_and_settle(ticket, result, recorder)
    if pictures is None:
        return
    reach("settled")
    schedule_renditions([kept.original.asset_id for kept in pictures.kept if kept.original])
    await db.run_with_files(_clear_inbox, ticket=ticket, result=result, pictures=pictures)
    log.info(
        "generation_finished",
        generation_id=str(ticket.generation_id),
        provider=ticket.provider.slug,
        delivered=len(pictures.kept),
        errors=sorted({failure.code for failure in pictures.failures}),
    )


async def _store_and_settle(ticket: Ticket, result: ImageResult, recorder: CallRecorder) -> Pictures | None:
    """The pictures kept, and booked. None where the lease was lost, or where our disk or database failed: then the
    answers lie in the inbox, and the job is tried again from there. As long as an answer is in memory alone, this goes
    on trying."""
    while True:
        pictures = Pictures(kept=(), failures=())
        try:
            reach("storing")
            pictures = await db.run_with_files(
                keep_pictures,
                generation_id=ticket.generation_id,
                result=result,
                places=_places_of(ticket),
                save_to_media=ticket.save_to_media,
            )
            reach("stored")
            if await db.run(
                settle_result, ticket=ticket, result=result, pictures=pictures, sent=frozenset(recorder.sent)
            ):
                return pictures
            log.warning("lease_lost", generation_id=str(ticket.generation_id))
            await _keep_all(recorder)
            await _take_back(pictures)
            return None
        except Exception as exc:
            log.error("storing_failed", generation_id=str(ticket.generation_id), exc_info=exc)
            await _take_back(pictures)
            if await _can_wait(recorder):
                await _hand_back(ticket.claim)
                return None
            await asyncio.sleep(UNKEPT_PAUSE_S)


async def _take_back(pictures: Pictures) -> None:
    """Remove what was stored for a booking that failed. A commit may have been made though it seemed to fail: what has
    a row stays, and all of it where the database cannot say."""
    stored = [kept.original.asset_id for kept in pictures.kept if kept.original]
    if not stored:
        return
    try:
        booked = await db.run(_booked_among, asset_ids=stored)
        await db.run_with_files(discard_pictures, pictures=pictures, booked=booked)
    except Exception as exc:  # noqa: BLE001 (files without a row are no harm)
        log.error("originals_not_taken_back", asset_ids=[str(each) for each in stored], exc_info=exc)


def _booked_among(*, asset_ids: list[UUID]) -> set[UUID]:
    return set(MediaAsset.objects.filter(pk__in=asset_ids).values_list("pk", flat=True))


async def _keep_all(recorder: CallRecorder) -> None:
    """Before a job is left: an answer that is in memory alone would be lost with it."""
    while not await _can_wait(recorder):
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


def _free_probe(*, claim: Claim) -> None:
    """Of a service that is being tried, if this job was to try it."""
    generation = ImageGeneration.objects.get(pk=claim.generation_id)
    provider = AIProvider.objects.get(pk=generation.provider_id)
    note_no_call(provider_id=provider.pk, key_fingerprint=key_fingerprint_of(generation, provider))


def _clear_inbox(*, ticket: Ticket, result: ImageResult, pictures: Pictures) -> None:
    """All is booked by now: what cannot be cleared is left to the sweep. What gave no whole set of pictures is kept in
    quarantine."""
    attempts = {call.index: call.attempt for call in ticket.calls}
    for call in result.calls:
        path = call_path(ticket.generation_id, call.call_index, attempts.get(call.call_index, 1))
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
    return Places(firsts, max(first, ticket.next_index))


def _name_replacement(ticket: Ticket, result: ImageResult) -> None:
    for call in result.calls:
        if call.error is not None and call.error.reason == "model_gone" and ticket.model.replacement:
            call.error.facts["replacement"] = ticket.model.replacement
