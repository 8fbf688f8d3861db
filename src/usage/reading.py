"""What has been used in the running month, read from the counters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from src.usage.models import Counter
from src.usage.services import Scope, ScopeLimit, period_of


@dataclass(frozen=True)
class Period:
    """A month of the site's time zone; `ends_at` (UTC) is the first moment of the next."""

    name: str
    ends_at: datetime


@dataclass(frozen=True)
class Use:
    """What a scope holds and has spent. Money of unknown price is in neither."""

    reserved_images: int = 0
    spent_images: int = 0
    reserved_micros: int = 0
    spent_micros: int = 0


def current_period(moment: datetime | None = None) -> Period:
    zone = ZoneInfo(settings.SITE_TIME_ZONE)
    local = (moment or timezone.now()).astimezone(zone)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return Period(period_of(local), datetime(year, month, 1, tzinfo=zone).astimezone(UTC))


def read_use(*, scopes: Iterable[Scope], period: str) -> dict[Scope, Use]:
    """One query, however many scopes; a scope that has used nothing is all zeros."""
    use = {scope: Use() for scope in scopes}
    ids_by_kind: dict[str, list[str]] = {}
    for scope in use:
        ids_by_kind.setdefault(scope.kind, []).append(scope.id)
    wanted = Q(pk__in=[])
    for kind, ids in ids_by_kind.items():
        wanted |= Q(scope_kind=kind, scope_id__in=ids)
    for counter in Counter.objects.filter(wanted, period=period):
        use[Scope(counter.scope_kind, counter.scope_id)] = Use(
            counter.reserved_images, counter.spent_images, counter.reserved_micros, counter.spent_micros
        )
    return use


@dataclass(frozen=True)
class Left:
    """What several scopes together leave of a period; None is no limit. Below zero after a dearer bill than held."""

    images: int | None = None
    micros: int | None = None

    def has_room_for(self, micros: int | None) -> bool:
        """As `reserve` decides: what costs nothing always fits, an unknown price as long as something is left."""
        if self.micros is None or micros == 0:
            return True
        return self.micros > 0 if micros is None else micros <= self.micros


def read_left(*, limits: Iterable[ScopeLimit], period: str) -> Left:
    """One query. The scope with the least left counts."""
    limits = list(limits)
    use = read_use(scopes=[limit.scope for limit in limits], period=period)
    images = [
        limit.max_images - use[limit.scope].reserved_images - use[limit.scope].spent_images
        for limit in limits
        if limit.max_images is not None
    ]
    micros = [
        limit.max_micros - use[limit.scope].reserved_micros - use[limit.scope].spent_micros
        for limit in limits
        if limit.max_micros is not None
    ]
    return Left(min(images, default=None), min(micros, default=None))
