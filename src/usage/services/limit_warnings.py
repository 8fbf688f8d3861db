"""Warnings at 80 and 100 percent of a limit, each once per scope, period, unit and height of the limit.

What is spent counts, not what is only held.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from src.usage.models import Counter, LedgerEntry, LedgerKind, LimitUnit, LimitWarning
from src.usage.periods import period_of
from src.usage.scopes import OF_A_PERSON, OF_A_PROVIDER, Scope, ScopeLimit, any_of
from src.usage.services.booking import LimitReached, Movement
from src.usage.services.warning_mail import mail_warnings
from src.usage.signals import limit_warned

log = structlog.get_logger("negareh.usage")

NEARLY, FULLY = 80, 100


@dataclass(frozen=True)
class Spent:
    """So much of one unit of a scope's limit, in one period."""

    scope: Scope
    period: str
    unit: LimitUnit
    limit: int
    spent: int

    def has_reached(self, percent: int) -> bool:
        return self.spent * 100 >= self.limit * percent


def note_warnings(*, movement: Movement, limits: Iterable[ScopeLimit]) -> list[LimitWarning]:
    """The new ones after `settle`, in the periods that the generation was reserved in. `limits` are those that
    `reserve` had.

    Call in the transaction of `settle`: `limit_warned` is sent in it, letters go out after its commit. No query without
    limits, two where no limit is nearly used.
    """
    limited = {limit.scope: limit for limit in limits if _has_number(limit)}
    if not limited:
        return []
    reserved = LedgerEntry.objects.filter(
        any_of(limited), generation_id=movement.generation_id, kind=LedgerKind.RESERVE
    )
    periods = {Scope(entry.scope_kind, entry.scope_id): entry.period for entry in reserved}
    spent = [each for each in _read_spent(limited, periods) if each.spent]
    return _note(movement, [(each, mark) for each in spent for mark in (NEARLY, FULLY) if each.has_reached(mark)])


@transaction.atomic
def note_refusal(*, movement: Movement, reached: LimitReached) -> list[LimitWarning]:
    """A limit of which at least 80 percent is spent counts as fully used once it refuses something.

    Call after the transaction that LimitReached rolled back.
    """
    scope = reached.scope
    spent = _read_spent({scope: reached.limit}, {scope: period_of(scope).name})
    refusing = [each for each in spent if each.unit == reached.kind and each.has_reached(NEARLY)]
    return _note(movement, [(each, mark) for each in refusing for mark in (NEARLY, FULLY)])


def warnings_for(user: Any) -> QuerySet[LimitWarning]:
    """All for super admins, else those of the person's own limits."""
    return LimitWarning.objects.all() if user.is_superuser else LimitWarning.objects.filter(person_id=user.pk)


def _has_number(limit: ScopeLimit) -> bool:
    return limit.max_images is not None or limit.max_micros is not None


def _read_spent(limited: Mapping[Scope, ScopeLimit], periods: Mapping[Scope, str]) -> list[Spent]:
    """One query; a scope without a counter has spent nothing."""
    wanted = Q(pk__in=[])
    for scope, period in periods.items():
        wanted |= Q(scope_kind=scope.kind, scope_id=scope.id, period=period)
    rows = {Scope(row.scope_kind, row.scope_id): row for row in Counter.objects.filter(wanted)}
    found = []
    for scope, period in periods.items():
        limit, row = limited[scope], rows.get(scope) or Counter()
        if limit.max_images is not None:
            found.append(Spent(scope, period, LimitUnit.IMAGES, limit.max_images, row.spent_images))
        if limit.max_micros is not None:
            found.append(Spent(scope, period, LimitUnit.MICROS, limit.max_micros, row.spent_micros))
    return found


def _note(movement: Movement, marks: list[tuple[Spent, int]]) -> list[LimitWarning]:
    """Writes those that are not there yet, tells of them, and has them mailed after the commit."""
    if not marks:
        return []
    there = LimitWarning.objects.filter(
        any_of({spent.scope for spent, _percent in marks}), period__in={spent.period for spent, _percent in marks}
    )
    known = set(there.values_list("scope_kind", "scope_id", "period", "unit", "limit", "percent"))
    written = [_write(movement, spent, percent) for spent, percent in marks if _key(spent, percent) not in known]
    new = [warning for warning, is_new in written if is_new]
    for warning in new:
        _tell(warning)
    if new:
        transaction.on_commit(partial(mail_warnings, new), robust=True)
    return new


def _key(spent: Spent, percent: int) -> tuple[str, str, str, str, int, int]:
    return spent.scope.kind, spent.scope.id, spent.period, str(spent.unit), spent.limit, percent


def _write(movement: Movement, spent: Spent, percent: int) -> tuple[LimitWarning, bool]:
    """And whether it was not there: of two at once, one writes it."""
    scope = spent.scope
    return LimitWarning.objects.get_or_create(
        scope_kind=scope.kind,
        scope_id=scope.id,
        period=spent.period,
        unit=spent.unit,
        limit=spent.limit,
        percent=percent,
        defaults={
            "spent": spent.spent,
            "person_id": movement.person_id if scope.kind in OF_A_PERSON else None,
            "provider_slug": movement.provider_slug if scope.kind in OF_A_PROVIDER else "",
        },
    )


def _tell(warning: LimitWarning) -> None:
    try:
        with transaction.atomic():
            limit_warned.send_robust(sender=LimitWarning, warning=warning)
    except DatabaseError as exc:
        # After a listener's database error PostgreSQL takes nothing but the end of the savepoint.
        log.error("limit_warning_not_told", warning_id=warning.pk, exc_info=exc)
