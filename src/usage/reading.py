"""What has been used in the running periods, read from the counters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from src.usage.models import Counter
from src.usage.periods import Period, current_period, period_of
from src.usage.scopes import Scope, ScopeLimit, in_order
from src.usage.services.booking import LimitReached

__all__ = ["Left", "Period", "Use", "current_period", "find_refusal", "read_left", "read_use"]


@dataclass(frozen=True)
class Use:
    """What a scope holds and has spent. Money of unknown price is in neither."""

    reserved_images: int = 0
    spent_images: int = 0
    reserved_micros: int = 0
    spent_micros: int = 0


def read_use(*, scopes: Iterable[Scope], period: str | None = None) -> dict[Scope, Use]:
    """One query, however many scopes; a scope that has used nothing is all zeros. Without `period`, each scope's own
    running one."""
    use = {scope: Use() for scope in scopes}
    now = timezone.now()
    wanted = Q(pk__in=[])
    for (kind, name), ids in _by_kind_and_period(use, period, now).items():
        wanted |= Q(scope_kind=kind, period=name, scope_id__in=ids)
    for counter in Counter.objects.filter(wanted):
        use[Scope(counter.scope_kind, counter.scope_id)] = Use(
            counter.reserved_images, counter.spent_images, counter.reserved_micros, counter.spent_micros
        )
    return use


def _by_kind_and_period(scopes: Iterable[Scope], period: str | None, now: datetime) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for scope in scopes:
        name = period_of(scope, now).name if period is None else period
        found.setdefault((scope.kind, name), []).append(scope.id)
    return found


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


def read_left(*, limits: Iterable[ScopeLimit], period: str | None = None) -> Left:
    """One query. The scope with the least left counts. Without `period`, each scope's own running one."""
    limits = list(limits)
    use = read_use(scopes=[limit.scope for limit in limits], period=period)
    left = [_left_of(limit, use[limit.scope]) for limit in limits]
    return Left(
        min((each.images for each in left if each.images is not None), default=None),
        min((each.micros for each in left if each.micros is not None), default=None),
    )


def _left_of(limit: ScopeLimit, used: Use) -> Left:
    return Left(
        None if limit.max_images is None else limit.max_images - used.reserved_images - used.spent_images,
        None if limit.max_micros is None else limit.max_micros - used.reserved_micros - used.spent_micros,
    )


def find_refusal(*, limits: Iterable[ScopeLimit], images: int, micros: int | None) -> LimitReached | None:
    """What `reserve` would raise now, None if it would pass. One query."""
    limits = in_order(limits)
    use = read_use(scopes=[limit.scope for limit in limits])
    for limit in limits:
        left = _left_of(limit, use[limit.scope])
        if left.images is not None and images > left.images:
            return LimitReached(limit, "images")
        if not left.has_room_for(micros):
            return LimitReached(limit, "micros")
    return None
