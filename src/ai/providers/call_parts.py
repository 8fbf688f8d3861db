"""Paid calls: announced before they leave, and as many for one request as it needs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import structlog

from src.ai.providers.contract import (
    CallResult,
    Failed,
    ImageEditRequest,
    ImageRequest,
    ImageResult,
    OnEvent,
    ResumeHandle,
    Sent,
)
from src.ai.providers.errors import ProviderError, ServiceFailed
from src.ai.specs import split_size

CALLS_AT_ONCE = 10
# Each repeats the reference pictures in its body.
EDITS_AT_ONCE = 4
PAID_ANSWER_BYTES = 96 * 1024 * 1024
# A photo as PNG takes two to three bytes a pixel, and a third more as base64.
BYTES_PER_PIXEL = 4
ASSUMED_SIZE = (1536, 1024)
EDGE_BY_RESOLUTION = {"2K": 2048, "4K": 4096}
Request = TypeVar("Request", bound=ImageRequest)
log = structlog.get_logger("negareh.providers")


async def announce(on_event: OnEvent, call_index: int = 0) -> None:
    """Report that a paid request is about to leave. Raises ServiceFailed, uncharged, if that could not be kept."""
    try:
        await on_event(Sent(call_index=call_index))
    except ProviderError:
        raise
    except Exception as exc:
        log.error("paid_call_not_announced", call_index=call_index, exc_info=exc)
        raise ServiceFailed(charged="no", reason="internal") from exc


async def report_handle(on_event: OnEvent, handle: str, call_index: int) -> None:
    """Report where a paid job can be asked for. If that cannot be kept, the job is asked for all the same."""
    try:
        await on_event(ResumeHandle(handle=handle, call_index=call_index))
    except ProviderError:
        raise
    except Exception as exc:  # noqa: BLE001 (whatever it is, it must not lose the job)
        log.error("resume_handle_not_kept", call_index=call_index, exc_info=exc)


async def report_failure(on_event: OnEvent, error: ProviderError, call_index: int) -> None:
    """Report how a paid call ended without an answer to be read. If that cannot be kept, the error stands."""
    try:
        await on_event(Failed(error=error, call_index=call_index))
    except Exception as exc:  # noqa: BLE001 (the error of the call is what counts)
        log.error("failure_not_kept", call_index=call_index, exc_info=exc)


def split_request(request: Request, *, most: int) -> tuple[Request, ...]:
    """One request per paid call, each with up to `most` of the pictures, in their order.

    Seeds are counted on, so that no two pictures have one. Previews do not say which call they belong to, so that only
    a single call has them.
    """
    if request.n <= most:
        return (request,)
    whole = replace(request, partial_images=None)
    return tuple(_part(whole, first, min(most, request.n - first)) for first in range(0, request.n, most))


async def pay_in_parts(
    parts: Sequence[Request], *, make_call: Callable[[int, Request], Awaitable[CallResult]]
) -> ImageResult:
    """One paid call per part, a few at a time, each with its place as index. Of several calls, one that fails costs
    only itself, and its error stays with it; a single one raises."""
    if len(parts) == 1:
        return ImageResult(calls=(await make_call(0, parts[0]),))
    gate = asyncio.Semaphore(EDITS_AT_ONCE if isinstance(parts[0], ImageEditRequest) else CALLS_AT_ONCE)

    async def ended(index: int) -> CallResult:
        async with gate:
            try:
                return await make_call(index, parts[index])
            except ProviderError as exc:
                error = exc
            except Exception as exc:
                log.error("paid_call_failed", call_index=index, exc_info=exc)
                error = ServiceFailed(charged="unknown", reason="internal")
        return CallResult(call_index=index, asked=parts[index].n, error=error, usage=error.usage)

    return ImageResult(calls=tuple(await asyncio.gather(*map(ended, range(len(parts))))))


def _part(request: Request, first: int, n: int) -> Request:
    return replace(request, n=n, seed=None if request.seed is None else request.seed + first)


def pictures_per_answer(request: ImageRequest) -> int:
    """How many pictures of that size fit into the most that is read of one answer."""
    tier = EDGE_BY_RESOLUTION.get(request.resolution or "")
    width, height = split_size(request.size) or ((tier, tier) if tier else ASSUMED_SIZE)
    return max(1, PAID_ANSWER_BYTES // (width * height * BYTES_PER_PIXEL))
