import threading

import pytest

from src.ai.models import AIProvider
from tests.ai.providers_api.conftest import all_at_once, field_codes
from tests.factories import GOOD_KEY, make_provider

URL = "image-providers/"
BAD_KEY = "sk-test-of-nobody-9999"


def test_it_adds_a_provider_switched_off(boss):
    answer = boss.post(URL, {"slug": "mine", "name": "Mine", "adapter": "openai", "description": "ما"})

    assert (answer.status_code, answer.data["code"]) == (201, "provider_created")
    provider = AIProvider.objects.get()
    assert (provider.slug, provider.name, provider.description, provider.is_active) == ("mine", "Mine", "ما", False)
    assert answer.data["data"]["id"] == provider.pk


def test_a_known_slug_is_its_own_adapter(boss):
    assert boss.post(URL, {"slug": "openai", "name": "OpenAI"}).status_code == 201
    assert AIProvider.objects.get().adapter == "openai"


def test_a_known_slug_updates_its_provider(boss):
    provider = make_provider("openai", description="kept")

    answer = boss.post(URL, {"slug": "openai", "name": "Renamed"})

    assert (answer.status_code, answer.data["code"]) == (200, "provider_updated")
    provider.refresh_from_db()
    assert (provider.name, provider.description) == ("Renamed", "kept")


def test_a_good_key_is_stored_as_valid(boss, at_openai):
    answer = boss.post(URL, {"slug": "openai", "shared_api_key": GOOD_KEY, **at_openai})

    assert (answer.status_code, answer.data["code"]) == (201, "provider_created")
    assert answer.data["data"]["key_status"] == "valid"
    assert answer.data["data"]["is_active"] is False


def test_a_good_key_can_switch_on_at_once(boss, at_openai):
    answer = boss.post(URL, {"slug": "openai", "shared_api_key": GOOD_KEY, "is_active": True, **at_openai})

    assert (answer.status_code, answer.data["data"]["is_active"]) == (201, True)


def test_a_bad_key_is_stored_as_invalid_and_switches_nothing_on(boss, at_openai):
    answer = boss.post(URL, {"slug": "openai", "shared_api_key": BAD_KEY, "is_active": True, **at_openai})

    assert (answer.status_code, answer.data["code"]) == (201, "provider_saved_key_invalid")
    assert (answer.data["data"]["key_status"], answer.data["data"]["is_active"]) == ("invalid", False)


def test_a_key_is_stored_unchecked_while_the_service_is_down(boss, at_openai, upstream):
    with upstream.refuse_connections() as url:
        answer = boss.post(URL, {"slug": "openai", "shared_api_key": GOOD_KEY, **at_openai, "api_base_url": url})

    assert (answer.status_code, answer.data["code"]) == (201, "provider_saved_key_unchecked")
    assert answer.data["data"]["key_status"] == "unchecked"


def test_switching_on_without_a_key_adds_nothing(boss, at_openai):
    answer = boss.post(URL, {"slug": "openai", "is_active": True, **at_openai})

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_required")
    assert not AIProvider.objects.exists()


def test_a_local_server_without_a_key_that_is_down_is_not_added_switched_on(boss, upstream):
    body = {"slug": "local", "name": "Local", "adapter": "openai_compatible", "config": {"needs_key": False}}
    with upstream.refuse_connections() as url:
        answer = boss.post(URL, {**body, "api_base_url": url, "allow_private_address": True, "is_active": True})

    assert (answer.status_code, answer.data["code"]) == (503, "provider_unreachable")
    assert not AIProvider.objects.exists()


def test_a_local_server_needs_no_key(boss, upstream):
    body = {"slug": "local", "name": "Local", "adapter": "openai_compatible", "config": {"needs_key": False}}

    answer = boss.post(
        URL, {**body, "api_base_url": upstream.compatible_url, "allow_private_address": True, "is_active": True}
    )

    assert (answer.status_code, answer.data["data"]["is_active"]) == (201, True)
    assert upstream.requests[0].bearer is None


BAD_BODIES = [
    ({}, {"slug": ["required"]}),
    ({"slug": "mine", "adapter": "openai"}, {"name": ["required"]}),
    ({"slug": "mine", "name": "Mine"}, {"adapter": ["required"]}),
    ({"slug": "mine", "name": "Mine", "adapter": "made-up"}, {"adapter": ["unknown_adapter"]}),
    ({"slug": "mine", "name": "Mine", "adapter": "openai_compatible"}, {"api_base_url": ["base_url_required"]}),
    ({"slug": "", "name": "Mine"}, {"slug": ["blank"]}),
    ({"slug": None, "name": "Mine"}, {"slug": ["null"]}),
    ({"slug": 5, "name": "Mine"}, {"slug": ["not_text"]}),
    ({"slug": True, "name": "Mine"}, {"slug": ["not_text"]}),
    ({"slug": "two words", "name": "Mine"}, {"slug": ["slug_invalid"]}),
    ({"slug": "Mine", "name": "Mine"}, {"slug": ["slug_invalid"]}),
    ({"slug": "نگاره", "name": "Mine"}, {"slug": ["slug_invalid"]}),
    ({"slug": "a/b", "name": "Mine"}, {"slug": ["slug_invalid"]}),
    ({"slug": "mine\n", "name": "Mine", "adapter": "made-up"}, {"adapter": ["unknown_adapter"]}),
    ({"slug": "a" * 65, "name": "Mine"}, {"slug": ["too_long"]}),
    ({"slug": "mine", "nmae": "Mine", "Adapter": "x"}, {"nmae": ["unknown_field"], "Adapter": ["unknown_field"]}),
    ({"slug": "mine", "id": 5}, {"id": ["unknown_field"]}),
]


@pytest.mark.parametrize(("body", "codes"), BAD_BODIES)
def test_it_names_what_is_wrong(boss, body, codes):
    assert field_codes(boss.post(URL, body)) == codes
    assert not AIProvider.objects.exists()


def test_it_names_the_adapters_that_there_are(boss):
    answer = boss.post(URL, {"slug": "mine", "name": "Mine", "adapter": "made-up"})

    text = answer.data["errors"]["adapter"][0]["message"]
    assert "openai_compatible" in text and "gemini" in text and "sandbox" in text


@pytest.mark.parametrize("text", ["[]", '"text"', "5", "null", "true", '[{"slug": "mine"}]'])
def test_it_refuses_json_that_is_no_object(boss, text):
    assert field_codes(boss.send_text("post", URL, text)) == {"non_field_errors": ["not_object"]}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"slug": }',
        "[" * 100_000,
        '{"slug": "mine", "\\ud800": 1}',
        '{"name": "\\ud800"}',
        '{"config": {"a": NaN}}',
        '{"config": Infinity}',
    ],
)
def test_it_refuses_what_is_no_json(boss, text):
    answer = boss.send_text("post", URL, text)

    assert (answer.status_code, answer.data["code"]) == (400, "malformed_json")


def test_it_refuses_a_form(boss):
    answer = boss.send_text("post", URL, "slug=mine", "application/x-www-form-urlencoded")

    assert (answer.status_code, answer.data["code"]) == (415, "unsupported_media_type")


def test_adding_the_same_slug_many_times_at_once_makes_one(transactional_db, caller, super_admin):
    clients = [caller(super_admin) for _ in range(8)]
    gate = threading.Barrier(len(clients))

    def add(client):
        gate.wait()
        return client.post(URL, {"slug": "openai", "name": "OpenAI"})

    answers = all_at_once([lambda client=client: add(client) for client in clients])

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert AIProvider.objects.count() == 1
