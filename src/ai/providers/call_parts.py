"""One request as several paid calls."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import structlog

from src.ai.providers.contract import CallResult, ImageEditRequest, ImageRequest, ImageResult
from src.ai.providers.errors import ProviderError, ServiceFailed

CALLS_AT_ONCE = 10
# Each repeats the reference pictures in its body.
EDITS_AT_ONCE = 4
Request = TypeVar("Request", bound=ImageRequest)
log = structlog.get_logger("negareh.providers")


async def pay_in_parts(
    request: Request, *, most: int, make_call: Callable[[int, Request], Awaitable[CallResult]]
) -> ImageResult:
    """As many paid calls as the request needs, a few at a time, each with an index and its part of the pictures.

    Seeds are counted on, so that no two pictures have one. Of several calls, one that fails costs only itself,
    and its error stays with it; a single one raises.
    """
    gate = asyncio.Semaphore(EDITS_AT_ONCE if isinstance(request, ImageEditRequest) else CALLS_AT_ONCE)
    firsts = range(0, request.n, most)
    parts = [_part(request, first, min(most, request.n - first)) for first in firsts]
    if len(parts) == 1:
        return ImageResult(calls=(await make_call(0, parts[0]),))

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
