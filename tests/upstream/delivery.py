"""The ways in which an answer is sent: whole, cut short or off, slowly, enormous, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.upstream.wire import Answer

Deliver = Callable[[web.Request, Answer], Awaitable[web.StreamResponse]]
TICK_S = 0.02
MEGABYTE = 1024 * 1024


async def whole(request: web.Request, answer: Answer) -> web.StreamResponse:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


async def nothing(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Reset the connection: the request was read, and may have been billed."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def cut_short(at: int) -> Deliver:
    """Declare the whole length, send `at` bytes, close."""

    async def deliver(request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await _begin(request, answer, length=len(answer.body))
        await response.write(answer.body[: min(at, len(answer.body) - 1)])
        if request.transport is not None:
            request.transport.close()
        return response

    return deliver


def cut_off(at: int) -> Deliver:
    """Send `at` bytes as if they were all, their length declared."""

    async def deliver(request: web.Request, answer: Answer) -> web.StreamResponse:
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body[:at])

    return deliver


def unmeasured(at: int) -> Deliver:
    """Send `at` bytes without a length and close, which is how such a body ends (RFC 9112, 6.3)."""

    async def deliver(request: web.Request, answer: Answer) -> web.StreamResponse:
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        if request.transport is not None:
            request.transport.write(f"HTTP/1.1 {answer.status} X\r\n{head}Connection: close\r\n\r\n".encode())
            request.transport.write(answer.body[:at])
            request.transport.close()
        return web.Response()

    return deliver


def slowly(bytes_per_s: int) -> Deliver:
    """Send a little every 20 ms."""
    step = max(1, int(bytes_per_s * TICK_S))

    async def deliver(request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await _begin(request, answer, length=len(answer.body))
        for start in range(0, len(answer.body), step):
            await asyncio.sleep(step / bytes_per_s)
            await response.write(answer.body[start : start + step])
        return response

    return deliver


def oversize(mb: int, *, declares_length: bool) -> Deliver:
    """One picture whose base64 is `mb` MiB long, made as it is sent."""
    head, tail = b'{"created": 1795500000, "data": [{"b64_json": "', b'"}]}'

    async def deliver(request: web.Request, answer: Answer) -> web.StreamResponse:
        length = len(head) + mb * MEGABYTE + len(tail) if declares_length else None
        response = await _begin(request, answer, length=length)
        await response.write(head)
        for _ in range(mb * 16):
            await response.write(b"A" * (MEGABYTE // 16))
        await response.write(tail)
        return response

    return deliver


async def _begin(request: web.Request, answer: Answer, *, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = length
    await response.prepare(request)
    return response
