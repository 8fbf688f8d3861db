"""Reading what a service sends as JSON, which may be anything: each function gives the type that is wanted, or its
empty value."""

from datetime import date, datetime
from typing import Any

import msgspec

from src.ai.specs import TokenUsage

MAX_TOKENS = 10**9


def decode_json(body: bytes) -> Any:
    """None for what is no JSON. Text that is no UTF-8 raises another error than the rest."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def dict_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def date_of(value: Any) -> date | None:
    """The day of an ISO 8601 date or time."""
    try:
        return datetime.fromisoformat(text_of(value)).date()
    except ValueError:
        return None


def token_limit(value: Any) -> int | None:
    """A number of tokens; None for what cannot be one."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= MAX_TOKENS else None


def token_count(value: Any) -> int:
    return token_limit(value) or 0


def split_tokens(total: int, *, pictures: int, others: int, rest_is_pictures: bool) -> tuple[int, int]:
    """(picture, other) tokens of one side, with what the details leave out of its total on the side that is named."""
    rest = max(0, total - pictures - others)
    return (pictures + rest, others) if rest_is_pictures else (pictures, others + rest)


def usage_of(*, inputs: tuple[int, int], outputs: tuple[int, int]) -> TokenUsage | None:
    """From the (picture, other) tokens of both sides. None where nothing is counted, which tells of no cost."""
    if not any((*inputs, *outputs)):
        return None
    return TokenUsage(image_in=inputs[0], text_in=inputs[1], image_out=outputs[0], text_out=outputs[1])
