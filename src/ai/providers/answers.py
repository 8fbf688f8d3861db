"""What is read of any service's answer: its JSON, the request's id, when to come back."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from src.ai.providers.contract import ProviderConnection, Received
from src.ai.providers.errors import storable, strike_out_key
from src.ai.providers.json_values import decode_json
from src.core.outbound import Answer

MAX_RETRY_AFTER_S = 3600.0
REVISED_PROMPT_MAX_CHARS = 32_000
REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,200}")
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "cf-ray")


def answer_of(received: Received) -> Answer:
    """A paid answer as far as it is kept, so that it reads the same now and later; its status was a 2xx."""
    headers = {"content-type": received.content_type, REQUEST_ID_HEADERS[0]: received.upstream_request_id}
    return Answer(200, headers, received.body)


def read_json(answer: Answer) -> Any:
    """The body as JSON, or None where it is none (a proxy's HTML page, say)."""
    return decode_json(answer.body)


def upstream_request_id(answer: Answer, conn: ProviderConnection) -> str:
    """The service's own id of the request, for asking its support; "" if there is none fit to be stored."""
    sent = next((answer.headers[name] for name in REQUEST_ID_HEADERS if name in answer.headers), "")
    return strike_out_key(sent, conn.key) if REQUEST_ID.fullmatch(sent) else ""


def clean_prompt(text: str, conn: ProviderConnection) -> str:
    """A service's wording of the prompt, fit to be stored."""
    return strike_out_key(storable(text)[:REVISED_PROMPT_MAX_CHARS], conn.key)


def retry_after_s(answer: Answer) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`, which may also name a moment. Source: RFC 9110, 10.2.3."""
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = answer.headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return min(float(text) / per_second, MAX_RETRY_AFTER_S)
    return _seconds_until(answer.headers.get("retry-after", ""))


def _seconds_until(moment: str) -> float | None:
    try:
        wait_s = (parsedate_to_datetime(moment) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)
