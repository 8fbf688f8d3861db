"""A person's own key: checked with the service, stored sealed, removed, left alone, noted."""

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.models.keys import ORIGIN_CHANGED
from src.ai.services.personal_settings import change_settings
from src.ai.services.provider_service import RemoveKey, update_provider
from src.ai.services.stored_keys import open_key
from src.core.secret import Secret
from tests.ai.providers_api.conftest import field_codes, in_thread
from tests.factories import GOOD_KEY, make_openai, make_provider, make_sandbox, make_settings

OLDER, BAD_KEY = "sk-test-older-0000", "sk-test-of-nobody-9999"


@pytest.fixture
def openai(db, upstream) -> AIProvider:
    return make_openai(upstream)


@pytest.fixture
def own(openai, ai_manager) -> AdminProviderSettings:
    return make_settings(ai_manager, openai, key=OLDER)


@pytest.fixture
def send(caller, ai_manager, openai):
    me = caller(ai_manager)
    return lambda **body: me.patch(f"settings/{openai.pk}/", body)


@pytest.fixture
def validate(caller, ai_manager, openai):
    me = caller(ai_manager)
    return lambda: me.post(f"settings/{openai.pk}/validate-api-key/")


def stored() -> tuple[str, str]:
    """Key and status of the only row."""
    row = AdminProviderSettings.objects.select_related("provider").get()
    return (open_key(row, row.provider).reveal() if row.has_key else "", row.key_status)


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("key", "code", "status"),
    [(GOOD_KEY, "settings_saved", "valid"), (BAD_KEY, "settings_saved_key_invalid", "invalid")],
)
def test_a_new_key_is_kept_with_what_the_service_says_of_it(send, key, code, status):
    answer = send(personal_api_key=f" {key}\n")

    assert (answer.status_code, answer.data["code"]) == (200, code)
    assert stored() == (key, status)
    assert answer.data["data"]["personal_api_key"] == f"***{key[-4:]}"
    assert acts() == ["personal_key.set", "personal_key.checked"]


def test_the_key_is_in_no_audit_entry(send):
    send(personal_api_key=GOOD_KEY)

    assert GOOD_KEY not in str(list(AuditEntry.objects.values()))


def test_a_key_is_kept_unchecked_when_the_service_cannot_be_asked(send, upstream):
    upstream.play("openai/overloaded", path="/models")

    assert send(personal_api_key=GOOD_KEY).data["code"] == "settings_saved_key_unchecked"
    assert stored() == (GOOD_KEY, "unchecked")


@pytest.mark.parametrize("key", ["***0000", None])
def test_a_masked_key_or_null_leaves_the_key(send, own, upstream, key):
    assert send(personal_api_key=key, use_shared_api=True).status_code == 200
    assert stored() == (OLDER, "valid")
    assert upstream.requests == []


def test_an_empty_key_removes_it(send, own, upstream):
    answer = send(personal_api_key="")

    assert (answer.data["code"], answer.data["data"]["personal_api_key"]) == ("settings_saved", "")
    assert stored() == ("", "unset")
    assert acts() == ["personal_key.removed"]
    assert upstream.requests == []


@pytest.mark.parametrize(("key", "code"), [("k" * 4097, "too_long"), ("کلید", "not_printable_ascii")])
def test_what_can_be_no_key_is_refused(send, own, key, code):
    assert field_codes(send(personal_api_key=key)) == {"personal_api_key": [code]}
    assert stored() == (OLDER, "valid")


def test_entering_a_key_again_ends_its_being_set_aside(send, own):
    AdminProviderSettings.objects.update(key_status="unchecked", key_reason=ORIGIN_CHANGED)

    send(personal_api_key=GOOD_KEY)

    row = AdminProviderSettings.objects.get()
    assert (row.key_status, row.has_usable_key) == ("valid", True)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"allow_personal_keys": False}, 409, "personal_keys_not_allowed"),
        ({"is_active": False}, 409, "provider_switched_off"),
        ({"adapter": "gone"}, 400, "adapter_missing"),
    ],
)
def test_a_provider_that_takes_no_key_now_says_so(send, own, upstream, fields, status, code):
    AIProvider.objects.update(**fields)

    answer = send(personal_api_key=GOOD_KEY, use_shared_api=True)

    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert stored() == (OLDER, "valid")
    assert not AdminProviderSettings.objects.get().use_shared_api
    assert upstream.requests == []


def test_a_key_can_be_removed_where_none_can_be_entered(send, own):
    AIProvider.objects.update(is_active=False, allow_personal_keys=False)

    send(personal_api_key="")

    assert stored() == ("", "unset")


def test_a_provider_without_need_of_a_key_takes_none(caller, ai_manager, db):
    answer = caller(ai_manager).patch(f"settings/{make_sandbox().pk}/", {"personal_api_key": GOOD_KEY})

    assert (answer.status_code, answer.data["code"]) == (409, "provider_needs_no_key")


def test_a_check_says_nothing_about_a_key_entered_meanwhile(transactional_db, send, openai, ai_manager, upstream):
    upstream.delay_next(0.5, path="/models")

    with in_thread(send, personal_api_key=BAD_KEY) as answer:
        upstream.wait_until_in_flight(1)
        change_settings(provider_id=openai.pk, admin=ai_manager, preferences={}, key=Secret(GOOD_KEY))

    assert answer.result().data["code"] == "settings_saved_key_unchecked"
    assert stored() == (GOOD_KEY, "valid")


def test_a_check_does_not_revive_a_key_removed_meanwhile(transactional_db, send, openai, ai_manager, upstream):
    upstream.delay_next(0.5, path="/models")

    with in_thread(send, personal_api_key=GOOD_KEY) as answer:
        upstream.wait_until_in_flight(1)
        change_settings(provider_id=openai.pk, admin=ai_manager, preferences={}, key=RemoveKey)

    assert answer.result().data["code"] == "settings_saved_key_unchecked"
    assert stored() == ("", "unset")


def test_a_key_whose_provider_moves_meanwhile_stays_set_aside(transactional_db, send, openai, super_admin, upstream):
    upstream.delay_next(0.5, path="/models")

    with in_thread(send, personal_api_key=GOOD_KEY) as answer:
        upstream.wait_until_in_flight(1)
        moved = {"api_base_url": "https://elsewhere.example/v1"}
        update_provider(provider_id=openai.pk, changes=moved, key=RemoveKey, actor=super_admin)

    assert answer.result().data["code"] == "settings_saved_key_unchecked"
    assert AdminProviderSettings.objects.get().key_reason == ORIGIN_CHANGED


@pytest.mark.parametrize(
    ("key", "valid", "code"), [(GOOD_KEY, True, "api_key_valid"), (BAD_KEY, False, "api_key_not_valid")]
)
def test_validating_asks_the_service_and_notes_the_answer(validate, openai, ai_manager, key, valid, code):
    make_settings(ai_manager, openai, key=key)

    answer = validate()

    assert (answer.status_code, answer.data["code"], answer.data["data"]["valid"]) == (200, code, valid)
    assert stored()[1] == ("valid" if valid else "invalid")
    assert acts() == ["personal_key.checked"]


def test_validating_without_a_key_says_so(validate):
    answer = validate()

    assert (answer.status_code, answer.data["code"]) == (400, "personal_key_required")


def test_a_key_that_was_set_aside_is_not_sent(validate, own, upstream):
    AdminProviderSettings.objects.update(key_status="unchecked", key_reason=ORIGIN_CHANGED)

    answer = validate()

    assert (answer.status_code, answer.data["code"]) == (409, "personal_key_outdated")
    assert upstream.requests == []


def test_a_service_that_does_not_answer_leaves_the_status(caller, ai_manager, down):
    make_settings(ai_manager, down, key=GOOD_KEY)

    answer = caller(ai_manager).post(f"settings/{down.pk}/validate-api-key/")

    assert (answer.data["code"], answer.data["data"]["valid"]) == ("api_key_not_checked", None)
    assert stored() == (GOOD_KEY, "valid")


def test_the_personal_key_never_touches_the_shared_one(send, openai):
    send(personal_api_key=BAD_KEY)

    row = AIProvider.objects.get()
    assert (open_key(row, row).reveal(), row.key_status, row.is_active) == (GOOD_KEY, "valid", True)
    assert make_provider("another").has_key
