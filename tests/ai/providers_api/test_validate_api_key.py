from datetime import datetime

import pytest

from src.ai.models import AIProvider
from src.ai.services.provider_service import update_provider
from src.core.secret import Secret
from tests.ai.providers_api.conftest import PERSIAN_LETTERS, field_codes, in_thread
from tests.factories import GOOD_KEY, make_openai, make_provider, make_sandbox

BAD_KEY = "sk-test-of-nobody-9999"


@pytest.fixture
def validate(boss):
    return lambda provider: boss.post(f"image-providers/{provider.pk}/validate-api-key/")


def test_it_says_that_a_good_key_is_valid(validate, upstream, db):
    answer = validate(make_openai(upstream))

    data = answer.data["data"]
    assert (answer.status_code, answer.data["code"]) == (200, "api_key_valid")
    assert (data["valid"], data["status"], data["reason"]) == (True, "valid", "ok")
    assert datetime.fromisoformat(data["checked_at"]) == AIProvider.objects.get().key_checked_at
    assert 0 <= data["latency_ms"] < 5000
    assert set(data) == {"valid", "status", "reason", "checked_at", "latency_ms"}


def test_it_says_that_a_bad_key_is_not_and_notes_it(validate, upstream, db):
    answer = validate(make_openai(upstream, key=BAD_KEY))

    assert (answer.status_code, answer.data["code"]) == (200, "api_key_not_valid")
    assert (answer.data["data"]["valid"], answer.data["data"]["status"]) == (False, "invalid")
    assert AIProvider.objects.get().key_status == "invalid"
    assert PERSIAN_LETTERS & set(answer.data["message"])


def test_it_makes_an_invalid_key_valid_again(validate, upstream, db):
    provider = make_openai(upstream)
    AIProvider.objects.update(key_status="invalid")

    validate(provider)

    assert AIProvider.objects.get().key_status == "valid"


@pytest.mark.parametrize(
    ("fixture", "valid", "reason"),
    [
        ("openai/missing_scope", True, "no_permission"),
        ("openai/org_not_verified", True, "no_permission"),
        ("openai/quota_exhausted", True, "no_credit"),
        ("openai/rate_limited_images", None, "rate_limited"),
        ("openai/overloaded", None, "unreachable"),
        ("openai/server_error", None, "broken_answer"),
        ("openai_compatible/html_error_page", None, "broken_answer"),
    ],
)
def test_it_tells_other_troubles_from_a_bad_key(validate, upstream, db, fixture, valid, reason):
    upstream.play(fixture, path="/models")

    data = validate(make_openai(upstream)).data["data"]

    assert (data["valid"], data["status"], data["reason"]) == (valid, "valid", reason)


def test_it_leaves_the_status_while_the_service_is_down(validate, down):
    answer = validate(down)

    assert (answer.status_code, answer.data["code"]) == (200, "api_key_not_checked")
    assert (answer.data["data"]["valid"], answer.data["data"]["status"]) == (None, "valid")


def test_it_never_makes_a_paid_call(validate, upstream, db):
    validate(make_openai(upstream))

    assert upstream.paid_calls == 0
    assert [(request.method, request.body) for request in upstream.requests] == [("GET", b"")]


def test_it_switches_nothing_on_or_off(validate, upstream, db):
    provider = make_openai(upstream, key=BAD_KEY)

    validate(provider)

    assert AIProvider.objects.get().is_active is True


def test_it_asks_for_a_key_where_none_is(validate, upstream, db):
    answer = validate(make_openai(upstream, key=None))

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_required")


def test_it_cannot_ask_a_service_whose_adapter_was_taken_out(validate, db):
    answer = validate(make_provider("gone", adapter="gone"))

    assert (answer.status_code, answer.data["code"]) == (400, "adapter_missing")


def test_the_sandbox_is_always_fine(validate, db):
    answer = validate(make_sandbox())

    assert (answer.data["code"], answer.data["data"]["status"]) == ("api_key_valid", "unset")


def test_a_key_that_cannot_be_opened_is_an_error(validate, upstream, db):
    provider = make_openai(upstream)
    AIProvider.objects.update(key_sealed="v1.0000.AAAA")

    answer = validate(provider)

    assert (answer.status_code, answer.data["code"]) == (500, "vault_key_unreadable")
    assert upstream.requests == []


def test_its_verdict_is_dropped_when_the_key_changed_meanwhile(transactional_db, validate, upstream):
    provider = make_openai(upstream, key=BAD_KEY)
    upstream.delay_next(0.5, path="/models")

    with in_thread(validate, provider) as answer:
        upstream.wait_until_in_flight(1)
        update_provider(provider_id=provider.pk, changes={}, key=Secret(GOOD_KEY), actor=None)

    assert (answer.result().status_code, answer.result().data["code"]) == (409, "key_changed_meanwhile")
    assert AIProvider.objects.get().key_status == "valid"


def test_it_refuses_fields(boss, upstream, db):
    provider = make_openai(upstream)

    answer = boss.post(f"image-providers/{provider.pk}/validate-api-key/", {"key": GOOD_KEY})

    assert field_codes(answer) == {"key": ["unknown_field"]}


def test_it_answers_404_for_a_provider_that_is_not_there(boss):
    assert boss.post("image-providers/999999/validate-api-key/").status_code == 404
