"""Limits of the team and of people's days, as reserving finds them."""

import pytest
import time_machine

from src.core.errors import PaymentRequired, TooManyRequests
from src.usage.scopes import WHOLE_TEAM, ScopeLimit, person_day
from src.usage.services import LimitReached, refusal_of, standing_limits
from src.usage.services.standing_limits import change_person_limit, change_team_limits
from tests.usage.conftest import PERSON, PROVIDER, counted, reserved, spent


@pytest.fixture
def set_limits(super_admin):
    """`set_limits(monthly_budget_micros=…)` for the team, `set_limits(person, 5)` for one person."""

    def call(person=None, images_per_day=None, **team) -> None:
        if person is not None:
            change_person_limit(person_id=person.pk, images_per_day=images_per_day, is_default=False, actor=super_admin)
        else:
            change_team_limits(changes=team, actor=super_admin)

    return call


def test_without_limits_both_scopes_are_there_to_be_counted(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        limits = standing_limits(person_id=7)

    assert limits == (ScopeLimit(person_day(7)), ScopeLimit(WHOLE_TEAM))
    reserved(*limits, images=2, micros=80)
    assert counted(WHOLE_TEAM) == counted(person_day(7)) == {"reserved_images": 2, "reserved_micros": 80}


def test_everyones_limit_holds_for_who_has_none_of_their_own(set_limits, ai_manager, stranger):
    set_limits(monthly_budget_micros=500, images_per_person_per_day=10)
    set_limits(ai_manager, 3)

    assert standing_limits(person_id=ai_manager.pk) == (
        ScopeLimit(person_day(ai_manager.pk), max_images=3),
        ScopeLimit(WHOLE_TEAM, max_micros=500),
    )
    assert standing_limits(person_id=stranger.pk)[0].max_images == 10


def test_a_person_may_have_no_limit_where_everyone_has_one(set_limits, ai_manager):
    set_limits(images_per_person_per_day=0)
    set_limits(ai_manager, None)

    assert standing_limits(person_id=ai_manager.pk)[0].max_images is None


def test_a_limit_of_nothing_is_a_limit(set_limits, ai_manager):
    set_limits(monthly_budget_micros=0, images_per_person_per_day=0)

    day, team = standing_limits(person_id=ai_manager.pk)

    assert (day.max_images, team.max_micros) == (0, 0)


@time_machine.travel("2026-11-24 20:00:00+00:00", tick=False)
def test_the_last_picture_of_a_day_can_be_had_and_the_refusal_says_when_to_come_again(set_limits, ai_manager):
    set_limits(images_per_person_per_day=2)
    limits = standing_limits(person_id=ai_manager.pk)
    reserved(*limits, images=2)

    with pytest.raises(LimitReached) as caught:
        reserved(*limits, images=1)

    refusal = refusal_of(caught.value)
    assert isinstance(refusal, TooManyRequests)
    assert (refusal.code, refusal.retry_after_s) == ("daily_limit_reached", 30 * 60)


def test_one_persons_day_leaves_the_others_alone(set_limits, ai_manager, stranger):
    set_limits(images_per_person_per_day=1)
    reserved(*standing_limits(person_id=ai_manager.pk))

    reserved(*standing_limits(person_id=stranger.pk))

    assert counted(WHOLE_TEAM) == {"reserved_images": 2}


def test_the_teams_budget_binds_everybody_together(set_limits, ai_manager, stranger):
    set_limits(monthly_budget_micros=100)
    spent(*standing_limits(person_id=ai_manager.pk), micros=60)

    with pytest.raises(LimitReached) as caught:
        reserved(*standing_limits(person_id=stranger.pk), micros=50)

    refusal = refusal_of(caught.value)
    assert isinstance(refusal, PaymentRequired)
    assert (refusal.code, refusal.facts) == ("budget_exceeded", {"scope": "team"})


def test_a_months_refusals_name_what_is_used_up(db):
    with time_machine.travel("2026-11-30 20:00:00+00:00", tick=False):
        pictures = refusal_of(LimitReached(ScopeLimit(PERSON, max_images=1), "images"))
    money = refusal_of(LimitReached(ScopeLimit(PROVIDER, max_micros=1), "micros"))

    assert (pictures.status, pictures.code, pictures.retry_after_s) == (429, "monthly_limit_reached", 30 * 60)
    assert (money.status, money.code, money.facts) == (402, "budget_exceeded", {"scope": "provider"})
