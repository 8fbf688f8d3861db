"""Pictures that an answer only points to: fetched a few at a time and within a time, for free."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from src.ai.providers.contract import GeneratedImage, ImageLink
from src.core import outbound
from src.core.outbound import Limits, PrivateAddress

FETCH_LIMITS = Limits(connect_s=10, read_gap_s=30, total_s=60, answer_bytes=64 * 1024 * 1024)
FETCH_TRIES = 3
FETCH_PAUSE_S = 0.5
FETCH_TOTAL_S = 60.0
FETCHES_AT_ONCE = 4
PERMANENT_REASONS = ("malformed_url", "plain_http", "forbidden_address")
"""Why a link is not tried again."""
HeadersOf = Callable[[ImageLink], Mapping[str, str]]


async def fetch_all(
    images: Sequence[GeneratedImage | ImageLink], *, headers_of: HeadersOf, allowed: PrivateAddress | None
) -> list[GeneratedImage]:
    """In their order; the links a few at a time, within `FETCH_TOTAL_S` for all of them."""
    if not any(isinstance(image, ImageLink) for image in images):
        # Without a pause in which the answers of other calls would pile up.
        return [image for image in images if isinstance(image, GeneratedImage)]
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)
    ends_at = time.monotonic() + FETCH_TOTAL_S

    async def whole(image: GeneratedImage | ImageLink) -> GeneratedImage:
        if isinstance(image, GeneratedImage):
            return image
        lost = GeneratedImage(problem="fetch_failed", revised_prompt=image.revised_prompt, seed=image.seed)
        try:
            async with gate, asyncio.timeout(ends_at - time.monotonic()):
                content = await _fetch(image, headers=headers_of(image), allowed=allowed)
        except TimeoutError:
            return lost
        if content is None:
            return lost
        return GeneratedImage(content=content, revised_prompt=image.revised_prompt, seed=image.seed)

    return list(await asyncio.gather(*(whole(image) for image in images)))


async def _fetch(link: ImageLink, *, headers: Mapping[str, str], allowed: PrivateAddress | None) -> bytes | None:
    """The linked picture, tried again after failures, since a GET is free."""
    for attempt in range(FETCH_TRIES):
        if attempt:
            await asyncio.sleep(FETCH_PAUSE_S * attempt)
        try:
            answer = await outbound.send("GET", link.url, headers=headers, limits=FETCH_LIMITS, allowed=allowed)
        except outbound.OutboundError as exc:
            if exc.reason in PERMANENT_REASONS:
                return None
            continue
        if answer.status == 200:
            return answer.body
    return None
