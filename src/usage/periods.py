"""Days and months of the site's time zone: what a period is called, and when it ends."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from src.usage.scopes import DAILY, Scope


@dataclass(frozen=True)
class Period:
    """A month (`2026-11`) or a day (`2026-11-24`); `ends_at` (UTC) is the first moment of the next."""

    name: str
    ends_at: datetime


def current_period(moment: datetime | None = None) -> Period:
    """The running month."""
    local = _local(moment)
    following = local.replace(day=1) + timedelta(days=32)
    return Period(f"{local.date().isoformat():.7}", _midnight(following.year, following.month, 1))


def current_day(moment: datetime | None = None) -> Period:
    local = _local(moment)
    following = local.date() + timedelta(days=1)
    return Period(local.date().isoformat(), _midnight(following.year, following.month, following.day))


def period_of(scope: Scope, moment: datetime | None = None) -> Period:
    """The one that the scope's limits hold for: a day or a month by its kind."""
    return current_day(moment) if scope.kind in DAILY else current_period(moment)


def seconds_left(scope: Scope) -> int:
    """Until the scope's running period ends; at least 1."""
    now = timezone.now()
    return max(1, ceil((period_of(scope, now).ends_at - now).total_seconds()))


def _local(moment: datetime | None) -> datetime:
    return (moment or timezone.now()).astimezone(ZoneInfo(settings.SITE_TIME_ZONE))


def _midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=ZoneInfo(settings.SITE_TIME_ZONE)).astimezone(UTC)
