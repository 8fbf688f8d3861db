"""Limits of one person at one provider, set by super admins."""

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import AdminProviderSettings
from src.usage.models import Counter
from src.usage.periods import current_period
from tests.ai.providers_api.conftest import field_codes
from tests.factories import make_provider, make_settings


@pytest.fixture
def path(db, ai_manager) -> str:
    return f"settings/{make_provider().pk}/users/{ai_manager.pk}/"


def test_limits_are_saved_and_noted_with_before_and_after(boss, path, ai_manager, super_admin):
    boss.patch(path, {"monthly_limit": 10})

    answer = boss.patch(path, {"monthly_limit": 20, "monthly_budget_micros": 5_000_000})

    assert (answer.status_code, answer.data["code"]) == (200, "limits_saved")
    assert (answer.data["data"]["username"], answer.data["data"]["monthly_limit"]) == ("manager", 20)
    entry = AuditEntry.objects.filter(action="limits.changed").first()
    assert entry.before == {"monthly_limit": 10, "monthly_budget_micros": None}
    assert entry.after == {"monthly_limit": 20, "monthly_budget_micros": 5_000_000}
    assert entry.actor_id == super_admin.pk


def test_null_takes_a_limit_away_and_zero_is_a_limit(boss, path):
    boss.patch(path, {"monthly_limit": 10, "monthly_budget_micros": 0})

    boss.patch(path, {"monthly_limit": None})

    row = AdminProviderSettings.objects.get()
    assert (row.monthly_limit, row.monthly_budget_micros) == (None, 0)


def test_reading_shows_the_persons_use_and_makes_no_row(boss, path, ai_manager):
    scope = {"scope_kind": "person_provider", "scope_id": f"{ai_manager.pk}:{path.split('/')[1]}"}
    Counter.objects.create(**scope, period=current_period().name, spent_images=4)

    found = boss.get(path).data["data"]

    assert (found["user_id"], found["use"]["shared_key"]["spent_images"]) == (ai_manager.pk, 4)
    assert not AdminProviderSettings.objects.exists()


def test_nothing_of_the_persons_key_is_shown_or_touched(boss, path, ai_manager):
    own = make_settings(ai_manager, boss_provider(path), key="sk-own-0123456789")

    shown = str(boss.get(path).data) + str(boss.patch(path, {"monthly_limit": 1}).data)

    assert "6789" not in shown
    own.refresh_from_db()
    assert own.key_status == "valid"


def boss_provider(path: str):
    from src.ai.models import AIProvider

    return AIProvider.objects.get(pk=path.split("/")[1])


@pytest.mark.parametrize("value", [-1, 1.5, "10", True])
def test_what_is_no_limit_is_refused(boss, path, value):
    assert list(field_codes(boss.patch(path, {"monthly_limit": value}))) == ["monthly_limit"]


@pytest.mark.parametrize("name", ["personal_api_key", "use_shared_api", "is_active"])
def test_a_super_admin_changes_nothing_else_of_a_person(boss, path, name):
    assert field_codes(boss.patch(path, {name: True})) == {name: ["unknown_field"]}


def test_a_person_or_provider_that_is_not_there_is_404(boss, path, ai_manager):
    assert boss.get(f"settings/{path.split('/')[1]}/users/{ai_manager.pk + 999}/").status_code == 404
    assert boss.patch(f"settings/99999/users/{ai_manager.pk}/", {}).status_code == 404
