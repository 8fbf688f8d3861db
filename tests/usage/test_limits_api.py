"""Limits over the API: the team's, one person's day, and what is left for oneself."""

from datetime import datetime, timedelta

import pytest
import time_machine

from src.accounts.models import AuditEntry
from src.usage.models import Counter, StandingLimit
from src.usage.scopes import Scope, ScopeLimit
from src.usage.services import standing_limits
from tests.usage.conftest import reserved, spent

URL = "/api/usage/limits/"


@pytest.fixture
def boss(client_of, super_admin):
    return client_of(super_admin, language="en")


@pytest.fixture
def person_url(ai_manager) -> str:
    return f"{URL}people/{ai_manager.pk}/"


def codes(answer) -> dict[str, str]:
    assert answer.status_code == 400, answer.data
    return {name: found[0]["code"] for name, found in answer.json()["errors"].items()}


def test_at_first_there_are_no_limits(boss):
    assert boss.get(URL).json()["data"] == {"monthly_budget_micros": None, "images_per_person_per_day": None}
    assert not StandingLimit.objects.exists()


def test_limits_are_saved_and_noted_with_before_and_after(boss, super_admin):
    boss.patch(URL, {"images_per_person_per_day": 10})

    answer = boss.patch(URL, {"monthly_budget_micros": 5_000_000, "images_per_person_per_day": 20})

    assert (answer.status_code, answer.json()["code"]) == (200, "team_limits_saved")
    assert answer.json()["data"] == {"monthly_budget_micros": 5_000_000, "images_per_person_per_day": 20}
    entry = AuditEntry.objects.filter(action="limits.changed").first()
    assert (entry.actor_id, entry.object_type, entry.object_id) == (super_admin.pk, "limits", "team")
    assert entry.before == {"monthly_budget_micros": None, "images_per_person_per_day": 10}
    assert entry.after == {"monthly_budget_micros": 5_000_000, "images_per_person_per_day": 20}


def test_null_takes_one_limit_away_and_leaves_the_other(boss):
    boss.patch(URL, {"monthly_budget_micros": 0, "images_per_person_per_day": 0})

    boss.patch(URL, {"images_per_person_per_day": None})

    assert boss.get(URL).json()["data"] == {"monthly_budget_micros": 0, "images_per_person_per_day": None}


def test_what_changes_nothing_is_not_noted(boss):
    boss.patch(URL, {"monthly_budget_micros": None})
    boss.patch(URL, {})

    assert not AuditEntry.objects.filter(action="limits.changed").exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"monthly_budget_micros": -1}, {"monthly_budget_micros": "too_small"}),
        ({"monthly_budget_micros": 10**16}, {"monthly_budget_micros": "too_large"}),
        ({"monthly_budget_micros": "5"}, {"monthly_budget_micros": "not_integer"}),
        ({"images_per_person_per_day": 2**31}, {"images_per_person_per_day": "too_large"}),
        ({"images_per_person_per_day": True}, {"images_per_person_per_day": "not_integer"}),
        ({"daily": 5}, {"daily": "unknown_field"}),
    ],
    ids=str,
)
def test_a_wrong_team_limit_is_refused(boss, body, expected):
    assert codes(boss.patch(URL, body)) == expected
    assert not StandingLimit.objects.exists()


def test_a_person_has_everyones_limit_at_first(boss, person_url, ai_manager):
    boss.patch(URL, {"images_per_person_per_day": 10})

    assert boss.get(person_url).json()["data"] == {
        "user_id": ai_manager.pk,
        "username": "manager",
        "images_per_day": 10,
        "is_default": True,
    }


def test_a_person_gets_a_limit_of_their_own_and_everyones_again(boss, person_url, ai_manager):
    boss.patch(URL, {"images_per_person_per_day": 10})

    own = boss.patch(person_url, {"images_per_day": 3}).json()
    again = boss.patch(person_url, {"is_default": True}).json()

    assert (own["code"], own["data"]["images_per_day"], own["data"]["is_default"]) == ("person_limit_saved", 3, False)
    assert (again["data"]["images_per_day"], again["data"]["is_default"]) == (10, True)
    last, first = AuditEntry.objects.filter(action="limits.changed", object_id=ai_manager.pk)
    assert (first.object_label, first.before, first.after) == (
        "manager",
        {"images_per_day": 10, "is_default": True},
        {"images_per_day": 3, "is_default": False},
    )
    assert last.after == {"images_per_day": 10, "is_default": True}


def test_a_person_may_be_freed_of_everyones_limit(boss, person_url, ai_manager):
    boss.patch(URL, {"images_per_person_per_day": 10})

    found = boss.patch(person_url, {"images_per_day": None, "is_default": False}).json()["data"]

    assert (found["images_per_day"], found["is_default"]) == (None, False)
    assert standing_limits(person_id=ai_manager.pk)[0].max_images is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"images_per_day": "required"}),
        ({"is_default": False}, {"images_per_day": "required"}),
        ({"images_per_day": 5, "is_default": True}, {"images_per_day": "default_has_no_number"}),
        ({"images_per_day": None, "is_default": True}, {"images_per_day": "default_has_no_number"}),
        ({"images_per_day": -1}, {"images_per_day": "too_small"}),
        ({"is_default": "yes"}, {"is_default": "not_boolean"}),
        ({"images": 5}, {"images": "unknown_field"}),
    ],
    ids=str,
)
def test_a_wrong_limit_of_a_person_is_refused(boss, person_url, body, expected):
    assert codes(boss.patch(person_url, body)) == expected
    assert not StandingLimit.objects.exists()


@pytest.mark.parametrize("person_id", [999_999, 2**63])
def test_somebody_who_is_not_there_has_no_limit(boss, person_id):
    assert boss.get(f"{URL}people/{person_id}/").status_code == 404
    assert boss.patch(f"{URL}people/{person_id}/", {"images_per_day": 1}).status_code == 404


@pytest.mark.parametrize(("scopes", "status"), [(["usage"], 403), (["settings"], 200)])
def test_limits_take_a_token_for_settings(client_of, super_admin, person_url, scopes, status):
    client = client_of(super_admin, scopes=scopes)

    found = [client.get(URL), client.patch(URL, {}), client.get(person_url)]

    assert [answer.status_code for answer in found] == [status] * 3


@time_machine.travel("2026-11-24 20:00:00+00:00", tick=False)
def test_what_is_left_for_oneself(client_of, boss, ai_manager, stranger):
    boss.patch(URL, {"monthly_budget_micros": 1000, "images_per_person_per_day": 10})
    spend_as(ai_manager, provider=1, images=3, micros=300)
    spend_as(ai_manager, provider=2, images=1, micros=100)
    spend_as(stranger, provider=1, images=4, micros=400)
    reserved(*scopes_of(ai_manager, 1), images=2, micros=50, person_id=ai_manager.pk)
    for scope_id, period in ((f"{ai_manager.pk}:1", "2026-10"), (f"{ai_manager.pk}0:1", "2026-11")):
        Counter.objects.create(scope_kind="person_provider", scope_id=scope_id, period=period, spent_images=9)

    assert client_of(ai_manager).get(f"{URL}mine/").json()["data"] == {
        "today": {
            "period": "2026-11-24",
            "ends_at": "2026-11-24T20:30:00Z",
            "max_images": 10,
            "spent_images": 4,
            "reserved_images": 2,
            "images_left": 4,
        },
        "month": {
            "period": "2026-11",
            "ends_at": "2026-11-30T20:30:00Z",
            "spent_images": 4,
            "reserved_images": 2,
            "spent_micros": 400,
            "reserved_micros": 50,
            "team_micros_left": 150,
        },
    }


def scopes_of(person, provider: int) -> list[ScopeLimit]:
    person_provider = Scope("person_provider", f"{person.pk}:{provider}")
    return [ScopeLimit(person_provider), *standing_limits(person_id=person.pk)]


def spend_as(person, *, provider: int, images: int, micros: int) -> None:
    spent(*scopes_of(person, provider), images=images, micros=micros, person_id=person.pk)


def test_without_limits_nothing_is_said_to_be_left(client_of, ai_manager):
    found = client_of(ai_manager).get(f"{URL}mine/").json()["data"]

    assert (found["today"]["images_left"], found["month"]["team_micros_left"]) == (None, None)
    left = datetime.fromisoformat(found["month"]["ends_at"]) - datetime.fromisoformat(found["today"]["ends_at"])
    assert timedelta(0) <= left < timedelta(days=31)


def test_a_limit_that_was_lowered_leaves_nothing_and_not_less(client_of, boss, ai_manager):
    spend_as(ai_manager, provider=1, images=3, micros=300)
    boss.patch(URL, {"monthly_budget_micros": 100, "images_per_person_per_day": 1})

    found = client_of(ai_manager).get(f"{URL}mine/").json()["data"]

    assert (found["today"]["images_left"], found["month"]["team_micros_left"]) == (0, 0)


def test_what_is_left_costs_the_same_however_much_was_used(client_of, ai_manager, django_assert_num_queries):
    client = client_of(ai_manager)
    for provider in range(4):
        spend_as(ai_manager, provider=provider, images=1, micros=1)
        # Session, person, and three of its own.
        with django_assert_num_queries(5):
            client.get(f"{URL}mine/")


@pytest.mark.parametrize(("scopes", "status"), [(["settings"], 403), (["usage"], 200)])
def test_what_is_left_takes_a_token_for_usage(client_of, ai_manager, scopes, status):
    assert client_of(ai_manager, scopes=scopes).get(f"{URL}mine/").status_code == status


def test_messages_are_persian_too(client_of, super_admin, person_url):
    client = client_of(super_admin)

    assert client.patch(URL, {}).json()["message"] == "سقف‌های تیم ذخیره شد."
    [error] = client.patch(person_url, {"images_per_day": 1, "is_default": True}).json()["errors"]["images_per_day"]
    assert "سهمیهٔ همگانی" in error["message"]
