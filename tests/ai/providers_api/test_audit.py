"""What is recorded of providers, keys and models."""

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.services.audit_entries import FINGERPRINT_CHARS
from tests.factories import GOOD_KEY, make_model, make_openai, make_provider, make_settings

ROOT = "/api/ai/admin/image-providers/"
BAD_KEY = "sk-test-refused"


@pytest.fixture
def boss(client_of, super_admin):
    return client_of(super_admin)


def found(action=""):
    return list(AuditEntry.objects.filter(action__startswith=action).order_by("id"))


def actions(prefix=""):
    return [entry.action for entry in found(prefix)]


def test_a_new_provider_is_recorded_with_its_policy(boss):
    body = {"slug": "mine", "name": "Mine", "adapter": "openai", "config": {"organization": "org-1"}}
    boss.post(ROOT, body | {"monthly_budget_micros": 5_000_000})

    [entry] = found()
    assert (entry.action, entry.object_type, entry.object_label, entry.actor_name) == (
        "provider.created",
        "provider",
        "mine",
        "super",
    )
    assert entry.before == {}
    assert (entry.after["monthly_budget_micros"], entry.after["config_keys"]) == (5_000_000, ["organization"])
    assert "org-1" not in str(entry.after)


def test_only_what_changed_is_recorded(boss):
    provider = make_provider()

    changes = {"allow_personal_keys": False, "max_jobs_at_once": 3}
    boss.patch(f"{ROOT}{provider.pk}/", {**changes, "name": "openai", "description": "new"})

    [entry] = found()
    assert (entry.action, entry.before, entry.after) == (
        "provider.changed",
        {"allow_personal_keys": True, "max_jobs_at_once": None},
        changes,
    )


def test_a_change_of_nothing_that_matters_is_not_recorded(boss):
    provider = make_provider()

    assert boss.patch(f"{ROOT}{provider.pk}/", {"description": "new", "is_active": True}).status_code in (200, 503)
    assert boss.patch(f"{ROOT}{provider.pk}/", {"description": "newer"}).status_code == 200
    assert actions("provider.") == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"config": {"organization": "org-2"}}, "config_digest"),
        ({"api_base_url": "https://images.example.org/v2"}, "api_base_url_digest"),
    ],
)
def test_a_change_of_what_is_not_shown_is_recorded_as_a_change(boss, change, name):
    provider = make_provider(key=None, api_base_url="https://images.example.org/v1", config={"organization": "org-1"})

    boss.patch(f"{ROOT}{provider.pk}/", change)

    [entry] = found()
    assert set(entry.after) == {name}
    assert entry.before[name] != entry.after[name]
    assert len(entry.after[name]) == FINGERPRINT_CHARS
    assert "org-" not in str([entry.before, entry.after])


def test_of_an_address_only_the_origin_is_recorded(boss):
    provider = make_provider(key=None)

    boss.patch(f"{ROOT}{provider.pk}/", {"api_base_url": "https://images.example.org/private-path/v1"})

    assert found()[0].after["api_base_url"] == "https://images.example.org:443"


def test_a_key_that_is_set_and_checked_is_recorded_by_its_end_only(boss, upstream):
    provider = make_openai(upstream, key=None, is_active=False)

    boss.patch(f"{ROOT}{provider.pk}/", {"shared_api_key": GOOD_KEY, "is_active": True})

    fingerprint = AIProvider.objects.get().key_fingerprint[:FINGERPRINT_CHARS]
    key_set, checked, switched = found()
    assert (key_set.action, key_set.before) == ("provider_key.set", {})
    assert key_set.after == {"last4": GOOD_KEY[-4:], "fingerprint": fingerprint}
    assert (checked.action, checked.after["is_valid"]) == ("provider_key.checked", True)
    assert (switched.action, switched.before, switched.after) == (
        "provider.changed",
        {"is_active": False},
        {"is_active": True},
    )
    assert GOOD_KEY not in str(list(AuditEntry.objects.values()))


def test_a_key_that_is_replaced_by_a_refused_one_switches_off_and_says_so(boss, upstream):
    provider = make_openai(upstream)

    boss.patch(f"{ROOT}{provider.pk}/", {"shared_api_key": BAD_KEY})

    key_set, checked, switched = found()
    assert (key_set.before["last4"], key_set.after["last4"]) == (GOOD_KEY[-4:], BAD_KEY[-4:])
    assert checked.after["is_valid"] is False
    assert switched.after == {"is_active": False}


def test_a_key_that_is_removed_is_recorded_once(boss):
    provider = make_provider()
    for _ in range(2):
        boss.patch(f"{ROOT}{provider.pk}/", {"shared_api_key": ""})

    [entry] = found()
    assert (entry.action, entry.before["last4"], entry.after) == ("provider_key.removed", GOOD_KEY[-4:], {})


def test_a_masked_key_leaves_no_entry(boss):
    provider = make_provider()

    boss.patch(f"{ROOT}{provider.pk}/", {"shared_api_key": "***good"})

    assert actions() == []


@pytest.mark.parametrize(("key", "is_valid"), [(GOOD_KEY, True), (BAD_KEY, False)])
def test_a_check_is_recorded_with_its_outcome(boss, upstream, key, is_valid):
    provider = make_openai(upstream, key=key)

    boss.post(f"{ROOT}{provider.pk}/validate-api-key/")

    [entry] = found()
    assert (entry.action, entry.actor_name, entry.after["is_valid"]) == ("provider_key.checked", "super", is_valid)


def test_switching_on_and_off_is_recorded(boss, upstream):
    provider = make_openai(upstream, is_active=False)

    boss.post(f"{ROOT}{provider.pk}/activate/")
    boss.post(f"{ROOT}{provider.pk}/deactivate/")

    assert [entry.after["is_active"] for entry in found("provider.")] == [True, False]


def test_a_refused_change_leaves_no_entry(boss, upstream):
    provider = make_openai(upstream)

    answer = boss.patch(f"{ROOT}{provider.pk}/", {"adapter": "openrouter", "allow_personal_keys": False})

    assert (answer.status_code, actions()) == (400, [])


def test_models_made_and_changed_by_hand_are_recorded(boss):
    provider = make_provider()
    pk = boss.post(f"{ROOT}{provider.pk}/models/", {"model_id": "new", "shutdown_date": "2027-01-31"}).data["data"][
        "id"
    ]
    boss.patch(f"{ROOT}{provider.pk}/models/{pk}/", {"is_active": False, "shutdown_date": "2027-01-31"})
    boss.patch(f"{ROOT}{provider.pk}/models/{pk}/", {"is_active": False})
    boss.post(f"{ROOT}{provider.pk}/models/", {"model_id": "new"})

    created, changed = found()
    assert (created.action, created.object_label, created.after["shutdown_date"]) == (
        "model.created",
        "openai/new",
        "2027-01-31",
    )
    assert (changed.action, changed.before, changed.after) == (
        "model.changed",
        {"is_active": True},
        {"is_active": False},
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("own_key", [True, False])
def test_a_key_found_invalid_by_a_generation_is_the_systems_entry(client_of, ai_manager, upstream, own_key):
    provider = make_openai(upstream, key=None if own_key else BAD_KEY)
    if own_key:
        make_settings(ai_manager, provider, key=BAD_KEY)
    model = make_model(provider)

    client_of(ai_manager).post("/api/ai/admin/images/generate/", {"model_id": model.pk, "prompt": "a"})

    [entry] = found()
    assert (entry.action, entry.channel, entry.actor_name) == (
        "personal_key.found_invalid" if own_key else "provider_key.found_invalid",
        "system",
        "",
    )
    assert entry.object_label == ("openai: manager" if own_key else "openai")
    row = AdminProviderSettings.objects.get() if own_key else provider
    assert entry.object_id == str(row.pk)
