"""A request id for each request, and one log line when it is answered, without query string, body, key or
invitation."""

import re
import time
import uuid
from asyncio import iscoroutinefunction
from contextvars import ContextVar

import structlog
from django.utils.decorators import sync_and_async_middleware

from src.core.channel import begin_web_request, end_web_request

log = structlog.get_logger("negareh.request")

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECRET_IN_PATH = re.compile(r"(?<=/invite/)[^/]+")


def current_request_id() -> str:
    return _request_id.get()


def begin_request(sent_id: str) -> str:
    """Take the caller's id if it is one, else make one; bind it to this context's logs."""
    request_id = sent_id if _ACCEPTABLE_ID.fullmatch(sent_id) else uuid.uuid4().hex
    _request_id.set(request_id)
    begin_web_request()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def _finish(request, response, started: float, request_id: str):
    response["X-Request-ID"] = request_id
    end_web_request()
    log.info(
        "request",
        method=request.method,
        path=_SECRET_IN_PATH.sub("[token]", request.path),
        status=response.status_code,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return response


@sync_and_async_middleware
def RequestLogMiddleware(get_response):  # noqa: N802 (Django names middleware like classes)
    """First in the chain, so that every answer has an id."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request):
            started, request_id = time.perf_counter(), begin_request(request.headers.get("X-Request-ID", ""))
            return _finish(request, await get_response(request), started, request_id)

        return async_middleware

    def middleware(request):
        started, request_id = time.perf_counter(), begin_request(request.headers.get("X-Request-ID", ""))
        return _finish(request, get_response(request), started, request_id)

    return middleware
