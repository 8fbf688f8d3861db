"""Amounts in US dollars, as services name them, in our millionths."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MAX_USD = 1_000_000


def usd_as_micros_text(usd: Any) -> str | None:
    """US dollars as a decimal string of millionths, without rounding; None for what is no price."""
    if isinstance(usd, bool) or not isinstance(usd, float | int) or not 0 <= usd <= MAX_USD:
        return None
    # A float's shortest text is the decimal that was sent.
    return format((Decimal(str(usd)) * 1_000_000).normalize(), "f")


def usd_as_micros(usd: Any) -> int | None:
    """US dollars as whole millionths, halves rounded up; None for what is no amount."""
    text = usd_as_micros_text(usd)
    return None if text is None else int(Decimal(text).to_integral_value(ROUND_HALF_UP))
