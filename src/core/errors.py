"""Errors that become answers.

    AppError
    ├── BadRequest 400          ├── Conflict 409
    │   └── InvalidFields       ├── TooManyRequests 429
    ├── PaymentRequired 402     ├── Misconfigured 500
    ├── Forbidden 403           ├── Unavailable 503
    └── NotFound 404            └── Unprocessable 422

Those of providers are in `src.ai.providers.errors`.

`core.exception_handler` alone turns them into the envelope.
"""

from dataclasses import dataclass, field
from typing import Any


class AppError(Exception):
    """An expected failure. `code` is a key of the message registry; `params` fill its text.

    `facts` are further keys of the answer (`generation_id`, `charged`); `retry_after_s` becomes `Retry-After`;
    `headers` are further ones of the answer.
    """

    status = 500

    def __init__(
        self,
        code: str,
        *,
        facts: dict[str, Any] | None = None,
        retry_after_s: float | None = None,
        **params: Any,
    ):
        super().__init__(code)
        self.code = code
        self.facts = facts or {}
        self.retry_after_s = retry_after_s
        self.params = params
        self.headers: dict[str, str] = {}


class BadRequest(AppError):
    status = 400


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field; `code` is a key of the message registry."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


class InvalidFields(BadRequest):
    """`validation_error`, with what is wrong per field."""

    def __init__(self, fields: dict[str, list[FieldError]]):
        super().__init__("validation_error")
        self.fields = fields

    @classmethod
    def one(cls, name: str, code: str, **params: Any) -> "InvalidFields":
        return cls({name: [FieldError(code, params)]})


class PaymentRequired(AppError):
    status = 402


class Forbidden(AppError):
    status = 403


class NotFound(AppError):
    status = 404

    def __init__(self, code: str = "not_found", **params: Any):
        super().__init__(code, **params)


class Conflict(AppError):
    status = 409


class TooManyRequests(AppError):
    status = 429


class Unprocessable(AppError):
    status = 422


class Misconfigured(AppError):
    """The server's own set-up is at fault; the message names what to mend, never a value."""

    status = 500


class Unavailable(AppError):
    status = 503
