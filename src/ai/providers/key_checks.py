"""What a free call says of a key."""

from typing import TYPE_CHECKING

from src.ai.providers.answers import read_json
from src.ai.providers.contract import KeyCheck, ProviderConnection
from src.ai.providers.errors import (
    KeyInvalid,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    Rejected,
    Unreachable,
)

if TYPE_CHECKING:
    from src.ai.providers.base import Adapter


async def check_by_call(adapter: "Adapter", conn: ProviderConnection, path: str) -> KeyCheck:
    """A key check by a GET that only a valid key may make."""
    try:
        answer = await adapter.call(conn, "GET", path)
    except ProviderError as exc:
        return verdict_on(exc)
    # A web page with 200 is no service that took the key.
    is_read = isinstance(read_json(answer), dict | list)
    return KeyCheck(is_valid=True if is_read else None, reason="ok" if is_read else "broken_answer")


def verdict_on(error: ProviderError) -> KeyCheck:
    """What a failed free call says of the key."""
    if isinstance(error, KeyInvalid):
        return KeyCheck(is_valid=False, reason="invalid")
    if isinstance(error, QuotaExhausted):
        return KeyCheck(is_valid=True, reason="no_credit")
    if isinstance(error, Rejected) and error.reason == "no_permission":
        # A restricted key may be refused the list and still be allowed to make pictures.
        return KeyCheck(is_valid=True, reason="no_permission")
    if isinstance(error, RateLimited):
        return KeyCheck(is_valid=None, reason="rate_limited")
    if isinstance(error, Unreachable | ProviderTimeout | Overloaded):
        return KeyCheck(is_valid=None, reason="unreachable")
    return KeyCheck(is_valid=None, reason="broken_answer")
