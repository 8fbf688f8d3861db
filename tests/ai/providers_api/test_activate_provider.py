"""Switching on, by its own call or by PATCH: the service must take the key first."""

import pytest

from src.ai.models import AIProvider
from src.ai.services.provider_service import update_provider
from src.core.secret import Secret
from tests.ai.providers_api.conftest import field_codes, in_thread
from tests.factories import GOOD_KEY, make_openai, make_provider, make_sandbox

BAD_KEY = "sk-test-of-nobody-9999"


@pytest.fixture(params=["activate", "patch"])
def activate(request, boss):
    """Both ways."""

    def call(provider):
        url = f"image-providers/{provider.pk}/"
        return boss.post(f"{url}activate/") if request.param == "activate" else boss.patch(url, {"is_active": True})

    return call


def is_active() -> bool:
    return AIProvider.objects.get().is_active


def test_it_switches_on_when_the_service_takes_the_key(activate, db, upstream):
    answer = activate(make_openai(upstream, is_active=False))

    assert answer.status_code == 200
    assert answer.data["code"] in ("provider_activated", "provider_updated")
    assert answer.data["data"]["is_active"] is is_active() is True
    assert [request.path for request in upstream.requests] == ["/openai/v1/models"]


def test_it_asks_for_a_key_where_none_is(activate, db, upstream):
    answer = activate(make_openai(upstream, key=None, is_active=False))

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_required")
    assert not is_active() and upstream.requests == []


def test_a_refused_key_is_marked_and_the_provider_is_off(activate, db, upstream):
    answer = activate(make_openai(upstream, key=BAD_KEY))

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_invalid")
    assert not is_active()
    assert AIProvider.objects.get().key_status == "invalid"


@pytest.mark.parametrize("was_active", [True, False])
def test_nothing_changes_while_the_service_is_down(activate, down, was_active):
    AIProvider.objects.update(is_active=was_active)

    answer = activate(down)

    assert (answer.status_code, answer.data["code"]) == (503, "provider_unreachable")
    assert (is_active(), AIProvider.objects.get().key_status) == (was_active, "valid")


def test_a_service_whose_adapter_was_taken_out_stays_off(activate, db):
    answer = activate(make_provider("gone", adapter="gone", api_base_url="https://g.example", is_active=False))

    assert (answer.status_code, answer.data["code"]) == (400, "adapter_missing")
    assert not is_active()


def test_the_sandbox_needs_no_key(activate, db):
    assert activate(make_sandbox(is_active=False)).status_code == 200
    assert is_active()


def test_it_is_safe_to_repeat(activate, db, upstream):
    provider = make_openai(upstream)

    assert [activate(provider).status_code for _ in range(2)] == [200, 200]
    assert is_active()


def test_a_patch_that_cannot_switch_on_saves_nothing_else(boss, down):
    answer = boss.patch(f"image-providers/{down.pk}/", {"is_active": True, "name": "not saved"})

    assert answer.status_code == 503
    assert AIProvider.objects.get().name == "openai"


def test_a_patch_whose_key_is_refused_saves_nothing_else(boss, db, upstream):
    provider = make_openai(upstream, key=BAD_KEY)

    answer = boss.patch(f"image-providers/{provider.pk}/", {"is_active": True, "name": "not saved"})

    assert (answer.status_code, is_active(), AIProvider.objects.get().name) == (400, False, "openai")


def test_a_new_path_that_refuses_the_key_says_nothing_about_the_stored_one(boss, db, upstream):
    provider = make_openai(upstream)
    upstream.play("openai/invalid_key", path="/v2/models")
    url = f"{upstream.url}/openai/v2"

    answer = boss.patch(f"image-providers/{provider.pk}/", {"is_active": True, "api_base_url": url})

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_invalid")
    assert (is_active(), AIProvider.objects.get().key_status) == (True, "valid")


def test_a_patch_asks_at_the_address_that_it_brings(boss, db, upstream):
    provider = make_openai(upstream, is_active=False)

    boss.patch(f"image-providers/{provider.pk}/", {"is_active": True, "api_base_url": f"{upstream.openai_url}/"})

    assert is_active()
    assert AIProvider.objects.get().api_base_url == f"{upstream.openai_url}/"


@pytest.mark.parametrize("method", ["activate", "patch"])
def test_a_key_entered_meanwhile_is_not_switched_on_by_the_old_ones_check(
    transactional_db, caller, super_admin, upstream, method
):
    provider = make_openai(upstream, is_active=False)
    url, client = f"image-providers/{provider.pk}/", caller(super_admin)
    call = (client.post, f"{url}activate/") if method == "activate" else (client.patch, url, {"is_active": True})
    upstream.delay_next(0.5, path="/models")

    with in_thread(*call) as answer:
        upstream.wait_until_in_flight(1)
        update_provider(provider_id=provider.pk, changes={}, key=Secret(BAD_KEY), actor=None)

    assert (answer.result().status_code, answer.result().data["code"]) == (409, "key_changed_meanwhile")
    assert not is_active()


def test_the_row_can_be_written_while_the_service_is_asked(transactional_db, caller, super_admin, upstream):
    provider = make_openai(upstream, is_active=False)

    with in_thread(caller(super_admin).post, f"image-providers/{provider.pk}/activate/") as answer, upstream.hold():
        upstream.wait_until_in_flight(1)
        AIProvider.objects.update(description="written meanwhile")

    assert answer.result().data["data"]["description"] == "written meanwhile"
    assert is_active()


def test_it_refuses_fields(boss, db, upstream):
    provider = make_openai(upstream, is_active=False)

    answer = boss.post(f"image-providers/{provider.pk}/activate/", {"shared_api_key": GOOD_KEY})

    assert field_codes(answer) == {"shared_api_key": ["unknown_field"]}
    assert not is_active()


def test_it_answers_404_for_a_provider_that_is_not_there(boss):
    assert boss.post("image-providers/999999/activate/").status_code == 404


def test_it_speaks_english(caller, super_admin, upstream):
    provider = make_openai(upstream)

    answer = caller(super_admin, language="en").post(f"image-providers/{provider.pk}/activate/")

    assert answer.data["message"] == "The provider is switched on."
