"""A limit that is reached, as an answer."""

from src.core.errors import AppError, PaymentRequired, TooManyRequests
from src.usage.periods import seconds_left
from src.usage.scopes import DAILY
from src.usage.services.booking import LimitReached


def refusal_of(reached: LimitReached) -> AppError:
    """429 `daily_limit_reached` or `monthly_limit_reached` with the seconds until the day or month ends, or 402
    `budget_exceeded` with the kind of scope in `facts`."""
    if reached.kind == "micros":
        return PaymentRequired("budget_exceeded", facts={"scope": reached.scope.kind})
    code = "daily_limit_reached" if reached.scope.kind in DAILY else "monthly_limit_reached"
    return TooManyRequests(code, retry_after_s=seconds_left(reached.scope))
