"""A key sent with PUT or PATCH: checked with the service, stored sealed, removed, left alone."""

import pytest

from src.ai.models import AIProvider
from src.ai.services.provider_service import RemoveKey, update_provider
from src.ai.services.stored_keys import open_key
from src.core.secret import Secret
from tests.ai.providers_api.conftest import field_codes, in_thread
from tests.factories import GOOD_KEY, make_openai

BAD_KEY = "sk-test-of-nobody-9999"
NEVER_INVALID = [
    "openai/missing_scope",
    "openai/no_organization",
    "openai/org_not_verified",
    "openai/quota_exhausted",
    "openai/rate_limited_images",
    "openai/overloaded",
    "openai/server_error",
    "openai_compatible/html_error_page",
]


@pytest.fixture
def openai(db, upstream) -> AIProvider:
    """Active, with a key that the service does not know."""
    return make_openai(upstream, key="sk-test-older-0000")


@pytest.fixture
def send(boss, openai):
    return lambda **body: boss.patch(f"image-providers/{openai.pk}/", body)


def stored(provider: AIProvider) -> tuple[str, bool, str]:
    """Key, is_active, status."""
    row = AIProvider.objects.get(pk=provider.pk)
    return (open_key(row, row).reveal() if row.has_key else "", row.is_active, row.key_status)


def test_a_good_key_is_valid(send, openai, upstream):
    answer = send(shared_api_key=GOOD_KEY)

    assert (answer.status_code, answer.data["code"]) == (200, "provider_updated")
    assert stored(openai) == (GOOD_KEY, True, "valid")
    assert [(request.method, request.path) for request in upstream.requests] == [("GET", "/openai/v1/models")]
    assert answer.data["data"]["key_checked_at"] is not None


def test_a_bad_key_is_kept_as_invalid_and_switches_the_provider_off(send, openai):
    answer = send(shared_api_key=BAD_KEY)

    assert (answer.status_code, answer.data["code"]) == (200, "provider_saved_key_invalid")
    assert stored(openai) == (BAD_KEY, False, "invalid")
    assert (answer.data["data"]["key_status"], answer.data["data"]["key_reason"]) == ("invalid", "invalid")


def test_a_bad_key_switches_nothing_on(send, openai):
    AIProvider.objects.update(is_active=False)

    answer = send(shared_api_key=BAD_KEY, is_active=True)

    assert (answer.status_code, answer.data["code"]) == (200, "provider_saved_key_invalid")
    assert stored(openai) == (BAD_KEY, False, "invalid")


def test_a_good_key_switches_on_when_asked(send, openai):
    AIProvider.objects.update(is_active=False)

    answer = send(shared_api_key=GOOD_KEY, is_active=True)

    assert (answer.data["code"], answer.data["data"]["is_active"]) == ("provider_updated", True)
    assert stored(openai) == (GOOD_KEY, True, "valid")


def test_a_good_key_alone_switches_nothing_on(send, openai):
    AIProvider.objects.update(is_active=False)

    send(shared_api_key=GOOD_KEY)

    assert stored(openai) == (GOOD_KEY, False, "valid")


def test_a_key_is_kept_unchecked_when_the_service_does_not_answer(send, openai, upstream):
    upstream.play("openai/overloaded", path="/models")

    answer = send(shared_api_key=GOOD_KEY)

    assert (answer.status_code, answer.data["code"]) == (200, "provider_saved_key_unchecked")
    assert stored(openai) == (GOOD_KEY, True, "unchecked")


def test_an_unchecked_key_switches_nothing_on(send, openai, upstream):
    AIProvider.objects.update(is_active=False)
    upstream.play("openai/overloaded", path="/models")

    answer = send(shared_api_key=GOOD_KEY, is_active=True)

    assert answer.data["code"] == "provider_saved_key_unchecked"
    assert stored(openai) == (GOOD_KEY, False, "unchecked")


@pytest.mark.parametrize("fixture", NEVER_INVALID)
def test_no_other_error_of_the_service_marks_a_key_invalid(send, openai, upstream, fixture):
    upstream.play(fixture, path="/models")

    answer = send(shared_api_key=GOOD_KEY)

    assert answer.status_code == 200
    assert stored(openai)[1:] in [(True, "valid"), (True, "unchecked")]


@pytest.mark.parametrize("fixture", NEVER_INVALID)
def test_none_of_these_switches_off_at_activation_either(boss, openai, upstream, fixture):
    upstream.play(fixture, path="/models")

    boss.post(f"image-providers/{openai.pk}/activate/")

    assert stored(openai) == ("sk-test-older-0000", True, "valid")


@pytest.mark.parametrize("key", ["***1234", "***", "  ***0000 ", None])
def test_a_masked_key_or_null_leaves_the_key(send, openai, upstream, key):
    answer = send(shared_api_key=key, name="Renamed")

    assert (answer.status_code, answer.data["data"]["name"]) == (200, "Renamed")
    assert stored(openai) == ("sk-test-older-0000", True, "valid")
    assert upstream.requests == []


def test_an_empty_key_removes_it(send, openai, upstream):
    answer = send(shared_api_key="")

    assert stored(openai) == ("", True, "unset")
    assert (answer.data["data"]["shared_api_key"], answer.data["data"]["has_shared_api_key"]) == ("", False)
    assert upstream.requests == []


def test_removing_the_key_and_switching_on_is_refused_whole(send, openai):
    answer = send(shared_api_key="", is_active=True, name="Renamed")

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_required")
    assert stored(openai) == ("sk-test-older-0000", True, "valid")
    assert AIProvider.objects.get().name == "openai"


def test_a_key_is_stripped(send, openai):
    send(shared_api_key=f"\n {GOOD_KEY}\t\r\n")

    assert stored(openai) == (GOOD_KEY, True, "valid")


def test_a_key_of_4096_characters_is_taken(send, openai, upstream):
    key = "k" * 4096
    upstream.good_keys.add(key)

    send(shared_api_key=key)

    assert stored(openai) == (key, True, "valid")


@pytest.mark.parametrize(("key", "shown"), [("sk-12345678", "***"), ("sk-123456789", "***6789")])
def test_the_last_four_show_only_of_keys_of_twelve_and_more(send, openai, key, shown):
    assert send(shared_api_key=key).data["data"]["shared_api_key"] == shown


def test_a_key_is_stored_sealed(send, openai):
    send(shared_api_key=GOOD_KEY)

    row = AIProvider.objects.values().get()
    assert row["key_sealed"].startswith("v1.") and GOOD_KEY not in str(row)


def test_a_refused_body_stores_no_key(send, openai, upstream):
    assert field_codes(send(shared_api_key=GOOD_KEY, sort_order="x")) == {"sort_order": ["not_integer"]}
    assert stored(openai) == ("sk-test-older-0000", True, "valid")
    assert upstream.requests == []


def test_the_row_can_be_written_while_the_service_is_asked(transactional_db, send, openai, upstream):
    with in_thread(send, shared_api_key=GOOD_KEY) as answer, upstream.hold():
        upstream.wait_until_in_flight(1)
        AIProvider.objects.filter(pk=openai.pk).update(description="written meanwhile")

    assert answer.result().data["data"]["description"] == "written meanwhile"
    assert stored(openai) == (GOOD_KEY, True, "valid")


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [(BAD_KEY, GOOD_KEY, (GOOD_KEY, True, "valid")), (GOOD_KEY, BAD_KEY, (BAD_KEY, False, "invalid"))],
)
def test_a_check_says_nothing_about_a_key_entered_meanwhile(
    transactional_db, send, openai, upstream, first, second, outcome
):
    upstream.delay_next(0.5, path="/models")

    with in_thread(send, shared_api_key=first) as answer:
        upstream.wait_until_in_flight(1)
        update_provider(provider_id=openai.pk, changes={}, key=Secret(second), actor=None)

    assert answer.result().data["code"] == "provider_saved_key_unchecked"
    assert stored(openai) == outcome


def test_a_check_does_not_revive_a_key_removed_meanwhile(transactional_db, send, openai, upstream):
    AIProvider.objects.update(is_active=False)
    upstream.delay_next(0.5, path="/models")

    with in_thread(send, shared_api_key=GOOD_KEY, is_active=True) as answer:
        upstream.wait_until_in_flight(1)
        update_provider(provider_id=openai.pk, changes={}, key=RemoveKey, actor=None)

    assert answer.result().data["code"] == "provider_saved_key_unchecked"
    assert stored(openai) == ("", False, "unset")
