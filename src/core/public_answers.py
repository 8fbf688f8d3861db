"""Answers that any cache may keep: the same for everyone, so nothing in them may tell one reader from another."""

from asyncio import iscoroutinefunction

from django.http import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware


def mark_public(response: HttpResponseBase) -> HttpResponseBase:
    """For the views whose answers are the same for everyone."""
    response.is_public = True  # type: ignore[attr-defined]
    return response


def _strip(response: HttpResponseBase) -> HttpResponseBase:
    if getattr(response, "is_public", False):
        for name in ("Vary", "Content-Language", "X-Request-ID"):
            response.headers.pop(name, None)
        response.cookies.clear()
    return response


@sync_and_async_middleware
def PublicAnswersMiddleware(get_response):  # noqa: N802 (Django names middleware like classes)
    """Before all that adds `Vary` and cookies, so that it has the last word."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request):
            return _strip(await get_response(request))

        return async_middleware
    return lambda request: _strip(get_response(request))
