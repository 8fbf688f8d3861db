"""A cap on request bodies by path, counted as they arrive: Django would read them whole before any view runs."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from src.core.envelope import failure_body
from src.core.request_log import begin_request

log = structlog.get_logger("negareh.request")

DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_S = 5.0


class BodyCap:
    """ASGI middleware: answers 413 in the envelope when a body passes its path's cap, declared or chunked.

    `caps` maps path prefixes to bytes, the longest matching prefix counts; other paths have `default_bytes`.
    """

    def __init__(self, app: Callable, *, default_bytes: int, caps: Mapping[str, int] | None = None):
        self._app = app
        self._default_bytes = default_bytes
        self._caps = sorted((caps or {}).items(), key=lambda item: -len(item[0]))

    def cap_for(self, path: str) -> int:
        return next((cap for prefix, cap in self._caps if path.startswith(prefix)), self._default_bytes)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        cap, seen, has_started = self.cap_for(scope["path"]), 0, False
        headers = {name: value.decode("latin1") for name, value in scope["headers"]}
        declared = headers.get(b"content-length", "")
        if declared.isdecimal() and int(declared) > cap:
            return await _refuse(headers, cap, receive, send)

        async def counting_receive():
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            # Django closes what it has read and returns, as for a client that has gone.
            return message if seen <= cap else {"type": "http.disconnect"}

        async def watching_send(message):
            nonlocal has_started
            has_started = True
            await send(message)

        await self._app(scope, counting_receive, watching_send)
        if seen > cap and not has_started:
            await _refuse(headers, cap, receive, send)


async def _refuse(headers: dict[bytes, str], cap_bytes: int, receive, send) -> None:
    request_id = begin_request(headers.get(b"x-request-id", ""))
    with translation.override(language_of(headers.get(b"accept-language", ""))):
        body = json.dumps(failure_body("body_too_large", cap_bytes=cap_bytes), ensure_ascii=False).encode()
    log.info("request_refused", status=413, cap_bytes=cap_bytes)
    answer_headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": answer_headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await _discard(receive)
    await send({"type": "http.response.body"})


async def _discard(receive) -> None:
    """Read on for a while: closing on unread bytes resets the connection, and the client loses the answer."""
    seen = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_S):
            while seen < DISCARD_BYTES:
                message = await receive()
                seen += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def language_of(accept_language: str) -> str:
    """The supported language that an Accept-Language header asks for first, else the default."""
    for code, _weight in parse_accept_lang_header(accept_language.lower()):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
