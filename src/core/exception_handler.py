"""The one place that turns errors into answers."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.utils.encoding import force_str
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from src.core.envelope import failure_body
from src.core.errors import AppError, FieldError, InvalidFields
from src.core.messages import is_registered, text_for

log = structlog.get_logger("negareh.errors")

CODE_BY_EXCEPTION: dict[type[Exception], str] = {
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.PermissionDenied: "permission_denied",
    PermissionDenied: "permission_denied",
    exceptions.NotFound: "not_found",
    Http404: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.ParseError: "malformed_json",
    exceptions.Throttled: "rate_limited",
    # Too many fields or files, or too much in them.
    SuspiciousOperation: "malformed_form",
    MultiPartParserError: "malformed_form",
}
STATUS_BY_EXCEPTION = {Http404: 404, PermissionDenied: 403}
DRF_FIELD_CODES = {
    "max_length": "too_long",
    "min_value": "too_small",
    "max_value": "too_large",
    "not_a_dict": "not_object",
    "does_not_exist": "does_not_exist",
}


def answer_exception(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER. An exception nobody expected is logged once and says nothing of itself."""
    set_rollback()
    if isinstance(exc, AppError):
        return _answer_app_error(exc)
    if isinstance(exc, exceptions.ValidationError):
        fields = exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail}
        return Response(failure_body("validation_error", errors=_drf_fields(fields)), status=400)
    if isinstance(exc, RequestDataTooBig):
        # JSON, or the texts of a form, where the address takes large files.
        cap_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return Response(failure_body("body_too_large", cap_bytes=cap_bytes), status=413)
    for kind, code in CODE_BY_EXCEPTION.items():
        if isinstance(exc, kind):
            return _answer_known(exc, code)
    log.error("unexpected_error", exc_info=exc, view=type(context.get("view")).__name__)
    return Response(failure_body("internal_error"), status=500)


def _answer_app_error(exc: AppError) -> Response:
    errors = _own_fields(exc.fields) if isinstance(exc, InvalidFields) else exc.facts.get("errors")
    facts = {name: value for name, value in exc.facts.items() if name != "errors"}
    response = Response(
        failure_body(exc.code, errors=errors, facts=facts, **exc.params),
        status=exc.status,
    )
    if exc.retry_after_s is not None:
        response["Retry-After"] = str(max(1, round(exc.retry_after_s)))
    for name, value in exc.headers.items():
        response[name] = value
    if exc.status >= 500:
        log.warning("request_failed", code=exc.code, cause=type(exc.__cause__).__name__)
    return response


def _answer_known(exc: Exception, code: str) -> Response:
    status = STATUS_BY_EXCEPTION.get(type(exc)) or getattr(exc, "status_code", 400)
    response = Response(failure_body(code), status=status)
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    wait = getattr(exc, "wait", None)
    if wait:
        response["Retry-After"] = str(int(wait))
    return response


def _own_fields(fields: dict[str, list[FieldError]]) -> dict[str, list[dict[str, str]]]:
    return {
        name: [{"code": error.code, "message": text_for(error.code, **error.params)} for error in found]
        for name, found in fields.items()
    }


def _drf_fields(detail: Any, path: str = "") -> dict[str, list[dict[str, str]]]:
    """DRF's nested detail as `{"field.sub": [{code, message}]}`."""
    flat: dict[str, list[dict[str, str]]] = {}
    if isinstance(detail, dict):
        for name, inner in detail.items():
            flat |= _drf_fields(inner, f"{path}.{name}" if path else str(name))
        return flat
    items = detail if isinstance(detail, list) else [detail]
    flat[path] = [_drf_error(item) for item in items if not isinstance(item, dict)]
    for index, item in enumerate(items):
        if isinstance(item, dict):
            flat |= _drf_fields(item, f"{path}.{index}")
    return {name: found for name, found in flat.items() if found}


def _drf_error(detail: Any) -> dict[str, str]:
    """Our own text where the registry has one without parameters, else DRF's, which is in the same language."""
    code = DRF_FIELD_CODES.get(detail.code, detail.code)
    text = text_for(code) if is_registered(code) else force_str(detail)
    return {"code": code, "message": force_str(detail) if "%(" in text else text}
