"""What can go wrong at a service, in one vocabulary for all of them.

ProviderError
├── KeyInvalid 502              ├── RateLimited 503
├── QuotaExhausted 502          ├── Overloaded 503
├── Rejected 502                ├── Unreachable 503
├── BrokenAnswer 502            ├── ProviderTimeout 504
├── NoImageReturned 502         ├── ContentRefused 422
├── UnsupportedImageType 502    ├── ServiceFailed 502
└── AlreadySent 502
"""

from typing import Any

from src.ai.specs import TokenUsage
from src.core.errors import AppError
from src.core.log import KEY_SHAPES
from src.core.secret import Secret

WORDS_MAX_CHARS = 500
KEY_START_CHARS = 8


class ProviderError(AppError):
    """`charged` is yes, no or unknown; `permanent` means that the same request will fail again.

    `reason` tells cases of one code apart; `words` are the service's own, shortened, keys struck out; `field` is the
    parameter of ours that the service names; `usage` the tokens that it counts all the same; `http_status` what a
    failure of the service came with.
    """

    status = 502
    error_code = "provider_error"
    permanent = False
    default_reason = ""

    def __init__(
        self,
        *,
        charged: str = "no",
        retry_after_s: float | None = None,
        reason: str = "",
        words: str = "",
        categories: tuple[str, ...] = (),
        field: str = "",
        usage: TokenUsage | None = None,
        http_status: int | None = None,
    ):
        facts: dict[str, Any] = {"reason": reason or self.default_reason, "field": field}
        if words:
            facts["provider_message"] = storable(words)
        if categories:
            facts["categories"] = [storable(category) for category in categories]
        super().__init__(
            self.error_code,
            facts={name: value for name, value in facts.items() if value},
            retry_after_s=retry_after_s,
        )
        self.charged = charged
        self.usage = usage
        self.http_status = http_status
        self.reason = reason or self.default_reason


class KeyInvalid(ProviderError):
    error_code, permanent = "provider_key_invalid", True


class QuotaExhausted(ProviderError):
    error_code, permanent = "provider_quota_exhausted", True


class Rejected(ProviderError):
    """`reason`: bad_request, no_permission, model_gone, backend_refused (somebody behind the service, for its own
    account there); no_images, no_edits, no_resuming and unsupported_parameter where nothing was sent."""

    error_code, permanent, default_reason = "provider_rejected", True, "bad_request"


class ContentRefused(ProviderError):
    status, error_code, permanent = 422, "content_refused", True


class BrokenAnswer(ProviderError):
    error_code = "provider_broken_answer"


class NoImageReturned(ProviderError):
    error_code = "no_image_returned"


class UnsupportedImageType(ProviderError):
    error_code = "unsupported_image_type"


class ServiceFailed(ProviderError):
    error_code = "provider_error"


class Overloaded(ProviderError):
    status, error_code = 503, "provider_overloaded"


class RateLimited(ProviderError):
    status, error_code = 503, "provider_rate_limited"


class Unreachable(ProviderError):
    status, error_code = 503, "provider_unreachable"


class ProviderTimeout(ProviderError):
    status, error_code = 504, "provider_timeout"


class AlreadySent(ProviderError):
    """The paid call was announced before and what became of it is not known here; it is not sent again."""

    default_reason = "already_sent"

    def __init__(self) -> None:
        super().__init__(charged="unknown")


def surely_not_accepted(error: ProviderError) -> bool:
    """Whether the service turned the request away before any work: no connection, 429 or 503. Only after these may a
    paid request be sent again by itself, and it is worth a try where the error is not `permanent`."""
    return isinstance(error, Unreachable | RateLimited | Overloaded) and error.charged == "no"


def is_outage(error: ProviderError) -> bool:
    """Whether the error says that the service itself is down, and nothing of the request, the key or us."""
    if isinstance(error, Unreachable):
        return not error.permanent
    if isinstance(error, ServiceFailed | BrokenAnswer):
        return (error.http_status or 0) >= 500 or error.reason == "connection_lost"
    return isinstance(error, Overloaded | ProviderTimeout)


def clean_words(text: Any, key: Secret | None) -> str:
    """A service's message fit to be shown: text only, without keys, shortened."""
    if not isinstance(text, str):
        return ""
    # Cut first, with room for a key at the end: striking out is slow on megabytes.
    room = len(key.reveal()) if key is not None else 0
    return strike_out_key(text[: WORDS_MAX_CHARS + room], key)[:WORDS_MAX_CHARS]


def storable(text: str) -> str:
    """Without the null character, which PostgreSQL stores nowhere."""
    return text.replace("\0", "")


def strike_out_key(text: str, key: Secret | None) -> str:
    """`text` without this key, without a beginning of it as services quote it, and without anything key-shaped."""
    if key is not None:
        whole = key.reveal()
        for length in range(min(len(whole), len(text)), KEY_START_CHARS - 1, -1):
            text = text.replace(whole[:length], "[key]")
    return KEY_SHAPES.sub("[key]", text)
