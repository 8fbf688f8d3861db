"""Stored bytes as an answer: streamed by an async iterator, with length, ETag, Range and safe headers.

Django would collect a FileResponse in memory under ASGI.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from rest_framework.request import Request

CHUNK_BYTES = 256 * 1024
ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
# A picture opened on its own runs nothing and loads nothing.
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=0, must-revalidate",
}


class FileNegotiation:
    """For views that answer with a file: `Accept: image/png` is no reason for 406, though errors are JSON."""

    def perform_content_negotiation(self, request: Request, force: bool = False):
        return super().perform_content_negotiation(request, force=True)  # type: ignore[misc]


def answer_with_file(
    request: HttpRequest,
    file: BinaryIO,
    *,
    size_bytes: int,
    mime_type: str,
    etag: str,
    filename: str,
    extra_headers: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """200, 206, 304 or 416. `file` is closed when the answer is; a Range of several parts is answered whole.

    `extra_headers` go over the usual ones, which allow no cache to answer unasked and no other site to embed.
    """
    quoted = f'"{etag}"'
    headers = {**SAFE_HEADERS, "ETag": quoted, **(extra_headers or {})}
    if _matches(request.headers.get("If-None-Match", ""), quoted):
        file.close()
        return HttpResponseNotModified(headers=headers)
    span = _requested_span(request, size_bytes, quoted)
    if span is None:
        file.close()
        headers["Content-Range"] = f"bytes */{size_bytes}"
        return HttpResponse(status=416, headers=headers)
    first, length, is_partial = span
    headers["Content-Length"] = str(length)
    headers["Content-Disposition"] = f'inline; filename="{filename}"'
    if is_partial:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size_bytes}"
    if request.method == "HEAD":
        file.close()
        return HttpResponse(headers=headers, content_type=mime_type)
    body = _stream(file, first, length)
    response = StreamingHttpResponse(body, status=206 if is_partial else 200, headers=headers, content_type=mime_type)
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]
    return response


def _matches(sent: str, etag: str) -> bool:
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in sent.split(",")) if sent else False


def _requested_span(request: HttpRequest, size_bytes: int, etag: str) -> tuple[int, int, bool] | None:
    """(first byte, length, is partial); None if the range lies outside the file."""
    whole = (0, size_bytes, False)
    # A Range has a meaning for GET alone (RFC 9110, 14.2).
    match = ONE_RANGE.fullmatch(request.headers.get("Range", "")) if request.method == "GET" else None
    if_range = request.headers.get("If-Range", etag)
    if not match or match.group() == "bytes=-" or if_range != etag:
        return whole
    first_text, last_text = match.groups()
    if not first_text:
        length = min(int(last_text), size_bytes)
        return (size_bytes - length, length, True) if length else None
    first = int(first_text)
    last = min(int(last_text), size_bytes - 1) if last_text else size_bytes - 1
    if first >= size_bytes:
        return None
    return (first, last - first + 1, True) if last >= first else whole


async def _stream(file: BinaryIO, first: int, length: int) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, first)
    while length > 0:
        chunk = await asyncio.to_thread(file.read, min(CHUNK_BYTES, length))
        if not chunk:
            return
        length -= len(chunk)
        yield chunk
