"""What a person sees of their own settings, and the preferences they set."""

from datetime import UTC, datetime

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import AdminProviderSettings, AIProvider
from src.usage.models import Counter
from src.usage.periods import current_period
from tests.ai.providers_api.conftest import field_codes
from tests.factories import make_provider, make_sandbox, make_settings


@pytest.fixture
def me(caller, ai_manager):
    return caller(ai_manager)


def counted(kind: str, own: AdminProviderSettings, **values: int) -> None:
    scope = {"scope_kind": kind, "scope_id": f"{own.admin_id}:{own.provider_id}"}
    Counter.objects.create(**scope, period=current_period().name, **values)


def slugs(answer) -> list[str]:
    return [entry["provider"] for entry in answer.data["data"]]


def test_every_provider_that_concerns_the_person_is_listed(me, ai_manager):
    make_provider("shared")
    make_provider("takes-keys", key=None)
    make_provider("closed", allow_personal_keys=False, allow_shared_for_normal_admins=False)
    make_provider("off", is_active=False)
    used = make_provider("used", allow_personal_keys=False, allow_shared_for_normal_admins=False)
    make_settings(ai_manager, used)

    assert sorted(slugs(me.get("settings/"))) == ["shared", "takes-keys", "used"]


def test_a_provider_that_was_switched_off_stays_listed_where_a_key_is_stored(me, ai_manager):
    make_settings(ai_manager, make_provider("off", is_active=False), key="sk-own-0123456789")
    make_settings(ai_manager, make_provider("off-too", is_active=False))

    assert slugs(me.get("settings/")) == ["off"]


def test_reading_makes_no_row(me):
    provider = make_provider()
    me.get("settings/")
    me.get(f"settings/{provider.pk}/")

    assert not AdminProviderSettings.objects.exists()


def test_one_entry_says_key_preferences_limits_access_and_use(me, ai_manager):
    own = make_settings(ai_manager, make_provider(), key="sk-own-0123456789", monthly_limit=50)
    counted("person_provider", own, reserved_images=1, spent_images=2, reserved_micros=3, spent_micros=4)
    counted("own_key", own, spent_images=5, spent_micros=6)

    entry = me.get(f"settings/{own.provider_id}/").data["data"]

    assert (entry["personal_api_key"], entry["has_personal_api_key"], entry["key_status"]) == ("***6789", True, "valid")
    assert (entry["use_shared_api"], entry["is_active"]) == (False, True)
    assert (entry["monthly_limit"], entry["monthly_budget_micros"]) == (50, None)
    assert (entry["access"]["state"], entry["access"]["reason"]) == ("AVAILABLE_PERSONAL", "personal_key_preferred")
    assert entry["use"]["shared_key"] == {
        "reserved_images": 1,
        "spent_images": 2,
        "reserved_micros": 3,
        "spent_micros": 4,
    }
    assert (entry["use"]["personal_key"]["spent_images"], entry["use"]["personal_key"]["spent_micros"]) == (5, 6)


def test_a_former_months_use_is_not_shown(me, ai_manager):
    own = make_settings(ai_manager, make_provider())
    Counter.objects.create(
        scope_kind="person_provider", scope_id=f"{own.admin_id}:{own.provider_id}", period="2020-01", spent_images=7
    )

    assert me.get(f"settings/{own.provider_id}/").data["data"]["use"]["shared_key"]["spent_images"] == 0


def test_an_entry_says_when_the_month_turns_over(me, settings):
    settings.SITE_TIME_ZONE = "UTC"
    now = datetime.now(UTC)

    use = me.get(f"settings/{make_provider().pk}/").data["data"]["use"]

    assert use["period"] == f"{now:%Y-%m}"
    assert use["ends_at"].endswith("-01T00:00:00+00:00") and use["ends_at"] > now.isoformat()


@pytest.mark.parametrize("count", [1, 6])
def test_the_list_costs_the_same_whatever_its_length(me, ai_manager, count, django_assert_max_num_queries):
    for number in range(count):
        own = make_settings(ai_manager, make_provider(f"p{number}"))
        counted("person_provider", own, spent_images=1)
    me.get("settings/")

    # Session, user, permissions (two), the settings twice, providers, counters.
    with django_assert_max_num_queries(8):
        assert len(slugs(me.get("settings/"))) == count


@pytest.mark.parametrize("name", ["use_shared_api", "is_active"])
def test_a_preference_is_saved_and_noted(me, ai_manager, name):
    own = make_settings(ai_manager, make_provider(), use_shared_api=True)

    answer = me.patch(f"settings/{own.provider_id}/", {name: False})

    assert (answer.status_code, answer.data["code"], answer.data["data"][name]) == (200, "settings_saved", False)
    entry = AuditEntry.objects.get(action="settings.changed")
    assert (entry.actor_id, entry.before, entry.after) == (ai_manager.pk, {name: True}, {name: False})


def test_what_changes_nothing_is_not_noted(me, ai_manager):
    own = make_settings(ai_manager, make_provider())

    me.patch(f"settings/{own.provider_id}/", {"is_active": True})

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ["monthly_limit", "monthly_budget_micros", "key_status", "provider"])
def test_nobody_sets_their_own_limits(me, name):
    provider = make_provider()

    assert field_codes(me.patch(f"settings/{provider.pk}/", {name: 1})) == {name: ["unknown_field"]}


@pytest.mark.parametrize("body", [{"is_active": "yes"}, {"use_shared_api": None}, {"personal_api_key": 5}])
def test_wrong_types_are_refused(me, body):
    assert list(field_codes(me.patch(f"settings/{make_provider().pk}/", body))) == list(body)


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("patch", ""), ("post", "validate-api-key/")])
def test_a_provider_that_does_not_concern_the_person_is_not_there(me, method, path):
    hidden = make_provider("closed", allow_personal_keys=False, allow_shared_for_normal_admins=False)

    assert me.call(method, f"settings/{hidden.pk}/{path}", {} if method == "patch" else None).status_code == 404
    assert me.call(method, f"settings/{hidden.pk + 1}/{path}", {} if method == "patch" else None).status_code == 404


def test_a_provider_without_need_of_a_key_is_listed_too(me):
    make_sandbox()

    entry = me.get("settings/").data["data"][0]
    assert (entry["provider"], entry["access"]["reason"]) == ("sandbox", "no_key_needed")


def test_people_see_only_their_own(me, other_manager):
    own = make_settings(other_manager, make_provider(), key="sk-other-0123456789", monthly_limit=3)

    entry = me.get(f"settings/{own.provider_id}/").data["data"]

    assert (entry["has_personal_api_key"], entry["monthly_limit"]) == (False, None)
    assert AIProvider.objects.get().has_key
