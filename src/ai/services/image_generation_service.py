"""Generating pictures: reserve, send, receive, store, settle."""

import asyncio
from dataclasses import replace
from typing import Any

import structlog

from src.ai.models import Charged, ImageGeneration
from src.ai.providers.contract import CallResult, ImageEditRequest, ImageResult
from src.ai.providers.errors import (
    BrokenAnswer,
    NoImageReturned,
    ProviderError,
    ServiceFailed,
    UnsupportedImageType,
)
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.edit_inputs import EditInputs, EditSources, load_inputs
from src.ai.services.generation_answers import describe_generation
from src.ai.services.inbox import move_to_quarantine, remove_from_inbox
from src.ai.services.received_pictures import Pictures, keep_pictures
from src.ai.services.reservation import ImageOrder, Ticket, reserve_generation
from src.ai.services.settlement import book_unstored, settle_result
from src.core import background, db
from src.core.errors import InvalidFields
from src.media.models import Visibility
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


async def edit_image(*, order: ImageOrder, sources: EditSources) -> dict[str, Any]:
    """Pictures made from others, saved or not as the order says. Shape and errors as `generate_image_only`, and
    those of `load_inputs`."""
    inputs = await load_inputs(sources=sources, user=order.admin)
    if order.visibility is None:
        order = replace(order, visibility=Visibility.PRIVATE if inputs.hold_private else Visibility.TEAM)
    return await background.finish_regardless(_generate(order, inputs))


async def _generate(order: ImageOrder, inputs: EditInputs | None = None) -> dict[str, Any]:
    ticket = await db.run(reserve_generation, order=order, inputs=inputs)
    recorder = CallRecorder(ticket.generation_id, order.on_preview)
    result = await _ask_provider(ticket, recorder)
    _name_replacement(ticket, result)
    pictures = await _store_and_settle(ticket, result, save_to_media=order.save_to_media)
    schedule_renditions([kept.original.asset_id for kept in pictures.kept if kept.original])
    answer = await db.run(_describe, ticket=ticket, pictures=pictures)
    await asyncio.to_thread(_clear_inbox, recorder.received, result, pictures)
    log.info(
        "generation_finished",
        generation_id=str(ticket.generation_id),
        provider=ticket.provider.slug,
        status=answer["status"],
        charged=answer["charged"],
        errors=sorted({failure.code for failure in pictures.failures}),
    )
    if not pictures.kept:
        _raise_unsupported(result)
        raise _with_facts(_first_error(result, pictures), ticket, answer["charged"])
    return answer


async def _ask_provider(ticket: Ticket, recorder: CallRecorder) -> ImageResult:
    """The provider's pictures, or what went wrong."""
    adapter, request = ticket.adapter, ticket.request
    try:
        if isinstance(request, ImageEditRequest):
            return await adapter.edit(ticket.connection, request, on_event=recorder)
        return await adapter.generate(ticket.connection, request, on_event=recorder)
    except ProviderError as exc:
        return ImageResult(calls=(CallResult(asked=request.n, error=exc, usage=exc.usage),))
    except Exception as exc:
        # A defect of ours: once the call may have been sent, what it cost is unclear.
        log.error("adapter_failed", generation_id=str(ticket.generation_id), exc_info=exc)
        failure = ServiceFailed(charged="unknown" if recorder.is_sent else "no", reason="internal")
        return ImageResult(calls=(CallResult(asked=request.n, error=failure),))


async def _store_and_settle(ticket: Ticket, result: ImageResult, *, save_to_media: bool) -> Pictures:
    """The pictures kept, and booked. If our disk or database fails, the received answer stays in the inbox, the
    reservation is held, and the end is `unknown`; where the calls took nothing, their own error stands."""
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
        errors = [call.error for call in result.calls if call.error and call.error.charged == Charged.NO]
        took_nothing = len(errors) == len(result.calls)
        failure = errors[0] if took_nothing else ServiceFailed(charged="unknown", reason="storing_failed")
        await db.run(book_unstored, ticket=ticket, error=failure)
        raise _with_facts(failure, ticket, failure.charged) from exc


def _describe(*, ticket: Ticket, pictures: Pictures) -> dict[str, Any]:
    generation = ImageGeneration.objects.select_related("provider", "model").get(pk=ticket.generation_id)
    contents = {kept.index: kept.image.content for kept in pictures.kept if kept.original is None}
    return describe_generation(generation, contents=contents)


def _clear_inbox(paths: dict[int, str], result: ImageResult, pictures: Pictures) -> None:
    """All is booked by now: what cannot be cleared is left, and spoils no answer."""
    whole = {
        call.call_index for call in result.calls if call.images and len(pictures.of_call(call)) == len(call.images)
    }
    for call_index, path in paths.items():
        try:
            if call_index in whole:
                remove_from_inbox(path)
            else:
                move_to_quarantine(path)
        except OSError as exc:
            log.error("inbox_not_cleared", path=path, exc_info=exc)


def _first_error(result: ImageResult, pictures: Pictures) -> ProviderError:
    """Of the picture with the lowest index."""
    if result.calls[0].error is not None:
        return result.calls[0].error
    first = pictures.failures[0]
    return ERROR_BY_CODE[first.code](reason=first.reason)


def _raise_unsupported(result: ImageResult) -> None:
    """What only the adapter knows not to be tellable is the request's fault, as what the spec rules out is."""
    error = result.calls[0].error
    if error is not None and error.reason == "unsupported_parameter":
        raise InvalidFields.one(error.facts["field"], "unsupported_parameter") from error


def _name_replacement(ticket: Ticket, result: ImageResult) -> None:
    for call in result.calls:
        if call.error is not None and call.error.reason == "model_gone" and ticket.model.replacement:
            call.error.facts["replacement"] = ticket.model.replacement


def _with_facts(error: ProviderError, ticket: Ticket, charged: str) -> ProviderError:
    error.facts |= {"generation_id": str(ticket.generation_id), "charged": charged}
    return error
