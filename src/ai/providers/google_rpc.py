"""Errors as Google's APIs tell them: google.rpc.Status with typed details, in JSON.

Source: google-genai 3.6.1, errors.py; the captured answers in tests/upstream/fixtures/gemini;
ai.google.dev/gemini-api/docs/billing ("If your request fails with a 400 or 500 error, you won't be charged for the
tokens used"). Read 2026-11-24.
"""

import re
from typing import Any

from src.ai.providers.answers import MAX_RETRY_AFTER_S, retry_after_s
from src.ai.providers.contract import ProviderConnection
from src.ai.providers.errors import (
    KeyInvalid,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    Rejected,
    clean_words,
)
from src.ai.providers.json_values import dicts_of, text_of
from src.ai.providers.openai_errors import WITH_WAIT, class_by_status
from src.core.outbound import Answer

# A model outside the free tier has this limit. The details leave a 0 out, so that only the message names it.
NO_QUOTA_AT_ALL = re.compile(r"\blimit: 0(?![.\d])")
DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
# By a name on a violation's path, which comes as `generation_config.image_config.aspect_ratio`.
OUR_FIELDS = {
    "aspectratio": "aspect_ratio",
    "imagesize": "resolution",
    "seed": "seed",
    "inlinedata": "references",
    "contents": "prompt",
}


def class_document(
    document: dict[str, Any], answer: Answer, conn: ProviderConnection, *, charged: str
) -> ProviderError:
    """The error of google.rpc.Status: HTTP status first, then the typed details."""
    sent = document.get("error")
    error = sent if isinstance(sent, dict) else {"message": sent or document.get("message")}
    details = dicts_of(error.get("details"))
    words = clean_words(error.get("message"), conn.key)
    if answer.status == 400:
        return _class_bad_request(error, details, charged=charged, words=words)
    if answer.status == 429 and is_quota_used_up(details, text_of(error.get("message"))):
        return QuotaExhausted(charged=charged)
    if answer.status in WITH_WAIT:
        is_full = "MODEL_CAPACITY_EXHAUSTED" in reasons_of(details)
        kind = Overloaded if is_full else WITH_WAIT[answer.status]
        wait_s = retry_delay_s(details)
        return kind(charged=charged, retry_after_s=retry_after_s(answer) if wait_s is None else wait_s)
    return class_by_status(answer, words=words, charged=charged)


def _class_bad_request(
    error: dict[str, Any], details: list[dict[str, Any]], *, charged: str, words: str
) -> ProviderError:
    """A bad key is a bad request here, and so is a project that may not call: no billing, or not from this region."""
    if "API_KEY_INVALID" in reasons_of(details):
        return KeyInvalid(charged=charged)
    if error.get("status") == "FAILED_PRECONDITION":
        return Rejected(charged=charged, reason="no_permission", words=words)
    return Rejected(charged=charged, words=words, field=field_of(details))


def reasons_of(details: list[dict[str, Any]]) -> list[str]:
    return [text_of(detail.get("reason")) for detail in details]


def is_quota_used_up(details: list[dict[str, Any]], message: str) -> bool:
    """Whether waiting a minute is no use: a daily quota, or one of zero."""
    violations = [each for detail in details for each in dicts_of(detail.get("violations"))]
    is_long = any("PerDay" in text_of(each.get("quotaId")) or each.get("quotaValue") == "0" for each in violations)
    return is_long or NO_QUOTA_AT_ALL.search(message) is not None


def retry_delay_s(details: list[dict[str, Any]]) -> float | None:
    """Seconds from RetryInfo's duration, `18s` or `1.5s`."""
    for detail in details:
        match = DURATION.fullmatch(text_of(detail.get("retryDelay")))
        if match:
            return min(float(match[1]), MAX_RETRY_AFTER_S)
    return None


def field_of(details: list[dict[str, Any]]) -> str:
    """Our parameter that BadRequest's violations name; "" for none."""
    violations = [each for detail in details for each in dicts_of(detail.get("fieldViolations"))]
    for violation in violations:
        for name in reversed(re.split(r"[.\[]", text_of(violation.get("field")))):
            ours = OUR_FIELDS.get(name.replace("_", "").lower())
            if ours:
                return ours
    return ""


def unwrapped(document: Any) -> Any:
    """Some answers come as an array with one element."""
    return document[0] if isinstance(document, list) and len(document) == 1 else document
