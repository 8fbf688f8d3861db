"""Limits that super admins set for the whole team and for people's days."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from src.core.audit import difference, record
from src.core.errors import NotFound
from src.usage.models import StandingLimit
from src.usage.scopes import EVERYONE, PERSON_DAY, WHOLE_TEAM, Scope, ScopeLimit, any_of, person_day

EVERYBODYS_DAY = Scope(PERSON_DAY, EVERYONE)


def standing_limits(*, person_id: int) -> tuple[ScopeLimit, ScopeLimit]:
    """The person's day and the team's month, for a generation with a shared key: both, also where there is no limit,
    so that they are counted. One query."""
    day = person_day(person_id)
    rows = _rows_of(WHOLE_TEAM, EVERYBODYS_DAY, day)
    own = rows.get(day) or rows.get(EVERYBODYS_DAY)
    team = rows.get(WHOLE_TEAM)
    return (
        ScopeLimit(day, max_images=own.max_images if own else None),
        ScopeLimit(WHOLE_TEAM, max_micros=team.max_micros if team else None),
    )


def describe_team_limits() -> dict[str, int | None]:
    """`monthly_budget_micros` of the team, `images_per_person_per_day` for who has no limit of their own."""
    rows = _rows_of(WHOLE_TEAM, EVERYBODYS_DAY)
    team, day = rows.get(WHOLE_TEAM), rows.get(EVERYBODYS_DAY)
    return {
        "monthly_budget_micros": team.max_micros if team else None,
        "images_per_person_per_day": day.max_images if day else None,
    }


@transaction.atomic
def change_team_limits(*, changes: dict[str, int | None], actor: Any) -> dict[str, int | None]:
    """`changes` holds any of the names of `describe_team_limits`; None is no limit."""
    _lock(WHOLE_TEAM, EVERYBODYS_DAY)
    before = describe_team_limits()
    if "monthly_budget_micros" in changes:
        _write(WHOLE_TEAM, max_micros=changes["monthly_budget_micros"])
    if "images_per_person_per_day" in changes:
        _write(EVERYBODYS_DAY, max_images=changes["images_per_person_per_day"])
    after = describe_team_limits()
    _record(before, after, actor=actor, object_id="team")
    return after


def describe_person_limit(*, person_id: int) -> dict[str, Any]:
    """`images_per_day` is what holds for the person; `is_default`: it is everyone's. Raises NotFound."""
    return _describe_person(_find_person(person_id))


@transaction.atomic
def change_person_limit(*, person_id: int, images_per_day: int | None, is_default: bool, actor: Any) -> dict[str, Any]:
    """Give the person a limit of their own (None: none, whatever everyone's is), or everyone's again. Raises
    NotFound."""
    person = _find_person(person_id)
    _lock(EVERYBODYS_DAY, person_day(person.pk))
    before = _describe_person(person)
    if is_default:
        StandingLimit.objects.filter(scope_kind=PERSON_DAY, scope_id=str(person.pk)).delete()
    else:
        _write(person_day(person.pk), max_images=images_per_day)
    after = _describe_person(person)
    _record(before, after, actor=actor, object_id=person.pk, object_label=person.get_username())
    return after


def _rows_of(*scopes: Scope) -> dict[Scope, StandingLimit]:
    return {Scope(row.scope_kind, row.scope_id): row for row in StandingLimit.objects.filter(any_of(scopes))}


def _lock(*scopes: Scope) -> None:
    """So that what the audit calls the value before is what is replaced."""
    list(StandingLimit.objects.select_for_update().filter(any_of(scopes)).order_by("id"))


def _write(scope: Scope, **limits: int | None) -> None:
    StandingLimit.objects.update_or_create(scope_kind=scope.kind, scope_id=scope.id, defaults=limits)


def _find_person(person_id: int) -> Any:
    person = get_user_model()._default_manager.filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person


def _describe_person(person: Any) -> dict[str, Any]:
    day = person_day(person.pk)
    rows = _rows_of(EVERYBODYS_DAY, day)
    row = rows.get(day) or rows.get(EVERYBODYS_DAY)
    return {
        "user_id": person.pk,
        "username": person.get_username(),
        "images_per_day": row.max_images if row else None,
        "is_default": day not in rows,
    }


def _record(before: dict[str, Any], after: dict[str, Any], **about: Any) -> None:
    changed_from, changed_to = difference(before, after)
    if changed_to:
        record("limits.changed", object_type="limits", before=changed_from, after=changed_to, **about)
