"""Envelopes for what fails before or outside any API view: no such address, CSRF, a crash in middleware."""

import structlog
from django.http import HttpRequest, JsonResponse

from src.core.envelope import failure_body

log = structlog.get_logger("negareh.errors")


def _answer(code: str, status: int) -> JsonResponse:
    return JsonResponse(failure_body(code), status=status, json_dumps_params={"ensure_ascii": False})


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return _answer("validation_error", 400)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return _answer("permission_denied", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return _answer("permission_denied", 403)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return _answer("not_found", 404)


def server_error(request: HttpRequest) -> JsonResponse:
    """Called while the exception is being handled; Django's own log line of it is switched off (`core.log`)."""
    log.error("unexpected_error", exc_info=True)
    return _answer("internal_error", 500)
