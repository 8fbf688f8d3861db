"""What an error in OpenAI's format means, whichever server answers it.

Source: openai-openapi f85dbe2, schema ErrorResponse; openai-python 3.54.0, _base_client.py and _streaming.py; the
servers' bodies as in tests/upstream/fixtures. Read 2026-11-24.
"""

import re
from dataclasses import fields
from typing import Any

from src.ai.providers.answers import MAX_RETRY_AFTER_S, retry_after_s
from src.ai.providers.contract import ImageParams
from src.ai.providers.errors import (
    BrokenAnswer,
    KeyInvalid,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from src.core.outbound import Answer

REFUSAL_CODES = ("moderation_blocked", "content_policy_violation")
QUOTA_CODES = ("insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached")
SAFETY_CATEGORIES = re.compile(r"safety_violations=\[([^\]]*)\]")
WITH_WAIT: dict[int, type[ProviderError]] = {429: RateLimited, 503: Overloaded, 529: Overloaded}
TIMEOUTS = (408, 504, 524)
# A gateway that lost the service behind it does not know what became of the request, in JSON or not.
LOST_BEHIND_GATEWAY = (502, 520, 521, 522, 523)
# What OpenAI's codes and types come with where they come as a status of their own.
STATUS_BY_CODE = {
    "invalid_api_key": 401,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "slow_down": 429,
    "server_is_overloaded": 503,
    "invalid_request_error": 400,
    "image_generation_user_error": 400,
}
RESET, REMAINING = "x-ratelimit-reset-", "x-ratelimit-remaining-"
DURATION = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?", re.ASCII)
FIELDS = frozenset({"mask", *(field.name for field in fields(ImageParams))})
OUR_NAMES = {"image": "references", "images": "references", "model": "model"}


def class_by_status(
    answer: Answer, *, words: str, charged: str, code: str = "", field: str = "", status: int | None = None
) -> ProviderError:
    """The class that a status alone means (`status`, or the answer's), and the one code that makes a difference."""
    status = status or answer.status
    if status in WITH_WAIT:
        return WITH_WAIT[status](charged=charged, retry_after_s=retry_after_s(answer) or reset_after_s(answer))
    if status in TIMEOUTS:
        return ProviderTimeout(charged="unknown")
    if status in LOST_BEHIND_GATEWAY:
        return ServiceFailed(charged="unknown", http_status=answer.status)
    if status == 401:
        return KeyInvalid(charged=charged)
    if status == 402:
        return QuotaExhausted(charged=charged)
    if status == 404 or code == "model_not_found":
        return Rejected(charged=charged, reason="model_gone", words=words)
    if 400 <= status < 500:
        return Rejected(charged=charged, reason="no_permission" if status == 403 else "", words=words, field=field)
    reason = "redirect" if 300 <= status < 400 else ""
    return ServiceFailed(charged=charged, reason=reason, http_status=answer.status)


def status_inside(status: int, *, code: str, kind: str) -> int:
    """The status that an error inside a 2xx would have come with: one that it names as its code, or the one that its
    code or type always comes with. 500 if none is known, and for 401: a service that answers 2xx has taken the key, and
    speaks of one of its own at the service behind it."""
    if not 200 <= status < 300:
        return status
    if re.fullmatch(r"[45][0-9]{2}", code, re.ASCII):
        named = int(code)
    else:
        named = STATUS_BY_CODE.get(code) or STATUS_BY_CODE.get(kind) or 500
    return 500 if named == 401 else named


def page_error(answer: Answer, document: Any) -> BrokenAnswer | None:
    """What an answer without JSON means where a proxy may have written it: whether the service behind it did the work
    is unclear. None for any other answer."""
    if document is None and answer.status >= 500 and answer.status not in WITH_WAIT:
        return BrokenAnswer(charged="unknown", reason="not_json", http_status=answer.status)
    return None


def charge_of_error(answer: Answer, *, is_told: bool) -> str:
    """What an answer outside 2xx cost: nothing, but for a failure that is not told in the service's own words, which a
    gateway before it may have told."""
    is_failure = answer.status >= 500 and answer.status not in WITH_WAIT
    return "unknown" if is_failure and not is_told else "no"


def reset_after_s(answer: Answer) -> float | None:
    """Seconds until the spent limits are full again (if none says so: all), from OpenAI's `x-ratelimit-reset-*`."""
    waits = {
        name.removeprefix(RESET): seconds
        for name, text in answer.headers.items()
        if name.startswith(RESET) and (seconds := _seconds(text)) is not None
    }
    spent = [wait for limit, wait in waits.items() if answer.headers.get(f"{REMAINING}{limit}") == "0"]
    longest = max(spent or waits.values(), default=None)
    return None if longest is None else min(longest, MAX_RETRY_AFTER_S)


def _seconds(text: str) -> float | None:
    """`58.891s`, `1m2s`, `6h0m0s` or `120ms` in seconds."""
    match = DURATION.fullmatch(text) if text else None
    if match is None:
        return None
    hours, minutes, seconds, thousandths = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def field_of(param: Any) -> str:
    """Our name of the parameter that a service complains about; "" for none that we know."""
    name = re.split(r"[.\[]", param, maxsplit=1)[0] if isinstance(param, str) else ""
    return OUR_NAMES.get(name, name if name in FIELDS else "")


def error_object(document: dict[str, Any]) -> dict[str, Any]:
    """`{message, type, code}` from the shapes in use: error object, error text, FastAPI's detail, message."""
    error = document.get("error")
    if isinstance(error, dict):
        return error
    detail = document.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        where = detail[0].get("loc")
        path = [str(part) for part in where] if isinstance(where, list) else []
        message = f"{'.'.join(path)}: {detail[0].get('msg')}"
        return {"message": message, "param": path[1] if path[:1] == ["body"] and len(path) > 1 else None}
    return {"message": error or detail or document.get("message")}


def safety_categories(words: str) -> tuple[str, ...]:
    match = SAFETY_CATEGORIES.search(words)
    return tuple(part.strip() for part in match.group(1).split(",") if part.strip()) if match else ()
