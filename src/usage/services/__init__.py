"""What is done with the ledger and its limits."""

from src.usage.scopes import Scope, ScopeLimit
from src.usage.services.booking import LimitReached, Movement, release, reserve, settle
from src.usage.services.limit_warnings import note_refusal, note_warnings
from src.usage.services.refusals import refusal_of
from src.usage.services.standing_limits import standing_limits

__all__ = [
    "LimitReached",
    "Movement",
    "Scope",
    "ScopeLimit",
    "note_refusal",
    "note_warnings",
    "refusal_of",
    "release",
    "reserve",
    "settle",
    "standing_limits",
]
