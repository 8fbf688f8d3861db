"""Generating pictures: reserve, send, receive, store, settle."""

import asyncio
from dataclasses import replace
from typing import Any

import structlog

from src.ai.models import GenerationStatus, ImageGeneration
from src.ai.providers.contract import ImageResult
from src.ai.providers.errors import (
    BrokenAnswer,
    NoImageReturned,
    ProviderError,
    ServiceFailed,
    UnsupportedImageType,
)
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.generation_answers import describe_generation
from src.ai.services.inbox import move_to_quarantine, remove_from_inbox
from src.ai.services.received_pictures import Pictures, keep_pictures
from src.ai.services.reservation import ImageOrder, Ticket, reserve_generation
from src.ai.services.settlement import settle_failure, settle_result
from src.core import background, db
from src.media.services.renditions import schedule_renditions

log = structlog.get_logger("negareh.generation")

ERROR_BY_CODE: dict[str, type[ProviderError]] = {
    kind.error_code: kind for kind in (BrokenAnswer, NoImageReturned, UnsupportedImageType)
}


async def generate_image_only(*, order: ImageOrder) -> dict[str, Any]:
    """Pictures as data URLs, kept a day in the inbox. Shape: `describe_generation`.

    Raises what `reserve_generation` raises, or ProviderError with `generation_id` and `charged` among its facts.
    Once begun it runs to its end, whether or not the caller waits.
    """
    return await background.finish_regardless(_generate(replace(order, save_to_media=False)))


async def generate_and_save_to_media(*, order: ImageOrder) -> dict[str, Any]:
    """Pictures in the library. Shape and errors as `generate_image_only`."""
    return await background.finish_regardless(_generate(replace(order, save_to_media=True)))


async def _generate(order: ImageOrder) -> dict[str, Any]:
    ticket = await db.run(reserve_generation, order=order)
    recorder = CallRecorder(ticket.generation_id)
    result = await _ask_provider(ticket, recorder)
    pictures = await _store_and_settle(ticket, result, save_to_media=order.save_to_media)
    schedule_renditions([kept.original.asset_id for kept in pictures.kept if kept.original])
    answer = await db.run(_describe, ticket=ticket, pictures=pictures)
    is_whole = bool(pictures.kept) and len(pictures.kept) >= len(result.images)
    await asyncio.to_thread(_clear_inbox, recorder.received, is_broken=not is_whole)
    log.info("generation_finished", generation_id=str(ticket.generation_id), status=answer["status"])
    if answer["status"] != GenerationStatus.SUCCEEDED:
        raise _with_facts(_no_picture_error(pictures), ticket, answer["charged"])
    return answer


async def _ask_provider(ticket: Ticket, recorder: CallRecorder) -> ImageResult:
    """The provider's pictures, or the failure booked and raised."""
    try:
        return await ticket.adapter.generate(ticket.connection, ticket.request, on_event=recorder)
    except ProviderError as exc:
        await _book_failure(ticket, recorder, exc)
        raise _with_facts(exc, ticket, exc.charged) from exc
    except Exception as exc:
        # A defect of ours: once the call may have been sent, what it cost is unclear.
        log.error("adapter_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        failure = ServiceFailed(charged="unknown" if recorder.is_sent else "no", reason="internal")
        await _book_failure(ticket, recorder, failure)
        raise _with_facts(failure, ticket, failure.charged) from exc


async def _store_and_settle(ticket: Ticket, result: ImageResult, *, save_to_media: bool) -> Pictures:
    """The pictures kept, and booked. If our disk or database fails, the received answer stays in the inbox, the
    reservation is held, and the end is `unknown`."""
    try:
        pictures = await asyncio.to_thread(
            keep_pictures,
            generation_id=ticket.generation_id,
            result=result,
            requested=ticket.request.n,
            save_to_media=save_to_media,
        )
        await db.run(settle_result, ticket=ticket, result=result, pictures=pictures)
        return pictures
    except Exception as exc:
        log.error("storing_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        failure = ServiceFailed(charged="unknown", reason="storing_failed")
        await db.run(settle_failure, ticket=ticket, error=failure, is_received=True)
        raise _with_facts(failure, ticket, failure.charged) from exc


async def _book_failure(ticket: Ticket, recorder: CallRecorder, error: ProviderError) -> None:
    await db.run(settle_failure, ticket=ticket, error=error)
    await asyncio.to_thread(_clear_inbox, recorder.received, is_broken=True)
    log.warning(
        "generation_failed",
        generation_id=str(ticket.generation_id),
        provider=ticket.provider.slug,
        code=error.code,
        reason=error.reason,
        charged=error.charged,
    )


def _describe(*, ticket: Ticket, pictures: Pictures) -> dict[str, Any]:
    generation = ImageGeneration.objects.select_related("provider", "model").get(pk=ticket.generation_id)
    contents = {kept.index: kept.image.content for kept in pictures.kept if kept.original is None}
    return describe_generation(generation, contents=contents)


def _clear_inbox(paths: list[str], *, is_broken: bool) -> None:
    """All is booked by now: what cannot be cleared is left, and spoils no answer."""
    for path in paths:
        try:
            if is_broken:
                move_to_quarantine(path)
            else:
                remove_from_inbox(path)
        except OSError as exc:
            log.error("inbox_not_cleared", path=path, exc_info=exc)


def _no_picture_error(pictures: Pictures) -> ProviderError:
    first = min(pictures.failures, key=lambda failure: failure.index)
    kind = ERROR_BY_CODE[first.code]
    return kind(charged=first.charged, reason=first.reason)


def _with_facts(error: ProviderError, ticket: Ticket, charged: str) -> ProviderError:
    error.facts |= {"generation_id": str(ticket.generation_id), "charged": charged}
    return error
