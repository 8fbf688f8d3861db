import json

import pytest

from src.ai.models import AIProvider
from tests.ai.providers_api.conftest import field_codes
from tests.factories import make_provider

EVERY_FIELD = {
    "name": "Renamed",
    "display_name": "نام",
    "description": "متن",
    "website": "https://example.com/about",
    "allow_personal_keys": False,
    "allow_shared_for_normal_admins": False,
    "monthly_budget_micros": 5_000_000,
    "max_jobs_at_once": 3,
    "unknown_price_policy": "block",
    "config": {"response_format": "b64_json"},
    "sort_order": -3,
}


@pytest.fixture
def provider(db) -> AIProvider:
    return make_provider()


@pytest.fixture
def url(provider) -> str:
    return f"image-providers/{provider.pk}/"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_it_changes_every_field(boss, provider, url, method):
    answer = boss.call(method, url, EVERY_FIELD)

    assert (answer.status_code, answer.data["code"]) == (200, "provider_updated")
    provider.refresh_from_db()
    assert {name: getattr(provider, name) for name in EVERY_FIELD} == EVERY_FIELD
    assert {name: answer.data["data"][name] for name in EVERY_FIELD} == EVERY_FIELD


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(("name", "value"), EVERY_FIELD.items())
def test_it_changes_one_field_and_leaves_the_others(boss, provider, url, method, name, value):
    before = boss.get(url).data["data"]

    after = boss.call(method, url, {name: value}).data["data"]

    changed = {field for field in before if before[field] != after[field]}
    assert changed == {name, "updated_at"}


@pytest.mark.parametrize(
    "body", [{}, {"monthly_budget_micros": None, "max_jobs_at_once": None, "website": "", "display_name": ""}]
)
def test_it_takes_nothing_and_emptiness(boss, url, body):
    assert boss.patch(url, body).status_code == 200


def test_changing_texts_asks_the_service_nothing(boss, url, upstream):
    boss.patch(url, {"name": "Renamed"})

    assert upstream.requests == []


BAD_FIELDS = [
    ("name", "", "blank"),
    ("name", "   ", "blank"),
    ("name", None, "null"),
    ("name", 5, "not_text"),
    ("name", ["a"], "not_text"),
    ("name", {}, "not_text"),
    ("name", "a" * 101, "too_long"),
    ("name", "a\x00b", "null_characters_not_allowed"),
    ("display_name", None, "null"),
    ("display_name", "a" * 101, "too_long"),
    ("description", 5, "not_text"),
    ("description", "a" * 5001, "too_long"),
    ("website", "javascript:alert(1)", "invalid"),
    ("website", "not a url", "invalid"),
    ("website", "https://example.com/" + "a" * 300, "too_long"),
    ("adapter", "", "blank"),
    ("adapter", None, "null"),
    ("adapter", "made-up", "unknown_adapter"),
    ("adapter", "a" * 65, "too_long"),
    ("adapter", {}, "not_text"),
    ("api_base_url", 5, "not_text"),
    ("api_base_url", None, "null"),
    ("api_base_url", "https://example.com/" + "a" * 300, "too_long"),
    ("is_active", "true", "not_boolean"),
    ("is_active", 1, "not_boolean"),
    ("is_active", None, "null"),
    ("is_active", [], "not_boolean"),
    ("allow_personal_keys", "yes", "not_boolean"),
    ("allow_shared_for_normal_admins", 0, "not_boolean"),
    ("allow_private_address", "on", "not_boolean"),
    ("monthly_budget_micros", -1, "too_small"),
    ("monthly_budget_micros", 10**15 + 1, "too_large"),
    ("monthly_budget_micros", 2**80, "too_large"),
    ("monthly_budget_micros", 1.5, "not_integer"),
    ("monthly_budget_micros", "5", "not_integer"),
    ("monthly_budget_micros", True, "not_integer"),
    ("max_jobs_at_once", 0, "too_small"),
    ("max_jobs_at_once", 10_001, "too_large"),
    ("max_jobs_at_once", 1.5, "not_integer"),
    ("unknown_price_policy", "maybe", "invalid_choice"),
    ("unknown_price_policy", {}, "invalid_choice"),
    ("unknown_price_policy", True, "invalid_choice"),
    ("unknown_price_policy", None, "null"),
    ("config", [], "not_object"),
    ("config", "{}", "not_object"),
    ("config", 5, "not_object"),
    ("config", None, "null"),
    ("config", {"a": {"b": ["\x00"]}}, "not_storable"),
    ("config", {"\x00": 1}, "not_storable"),
    ("config", {"a": 2**80}, "not_storable"),
    ("config", json.loads('{"a":' * 100 + "1" + "}" * 100), "not_storable"),
    ("sort_order", 10**7, "too_large"),
    ("sort_order", -(10**7), "too_small"),
    ("sort_order", None, "null"),
    ("shared_api_key", 5, "not_text"),
    ("shared_api_key", True, "not_text"),
    ("shared_api_key", ["sk-test-good"], "not_text"),
    ("shared_api_key", "a" * 4097, "too_long"),
    ("shared_api_key", "کلید-of-somebody", "not_printable_ascii"),
    ("shared_api_key", "sk-test\x00good", "not_printable_ascii"),
    ("shared_api_key", "sk-test\ngood", "not_printable_ascii"),
    ("shared_api_key", "sk-test\x7fgood", "not_printable_ascii"),
    ("shared_api_key", "sk-test good", "not_printable_ascii"),
    ("slug", "other", "unknown_field"),
    ("id", 7, "unknown_field"),
    ("key_status", "valid", "unknown_field"),
    ("total_images", 0, "unknown_field"),
    ("key_last4", "abcd", "unknown_field"),
]


@pytest.mark.parametrize(("name", "value", "code"), BAD_FIELDS)
def test_it_names_the_field_that_is_wrong(boss, provider, url, name, value, code):
    before = AIProvider.objects.values().get()

    answer = boss.patch(url, {"description": "not saved", name: value})

    assert field_codes(answer) == {name: [code]}
    assert AIProvider.objects.values().get() == before


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_it_refuses_a_number_that_json_cannot_hold(boss, url, number):
    answer = boss.send_text("patch", url, f'{{"config": {{"a": [{number}]}}}}')

    assert field_codes(answer) == {"config": ["not_storable"]}


def test_it_names_the_limit_that_was_passed(caller, super_admin, url):
    english = caller(super_admin, language="en")

    key = english.patch(url, {"shared_api_key": "a" * 4097}).data["errors"]["shared_api_key"]
    name = english.patch(url, {"name": "a" * 101}).data["errors"]["name"]

    assert ("4096" in key[0]["message"], "100" in name[0]["message"]) == (True, True)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_it_names_every_wrong_field_at_once(boss, url, method):
    answer = boss.call(method, url, {"name": "", "is_active": "x", "config": []})

    assert set(field_codes(answer)) == {"name", "is_active", "config"}


@pytest.mark.parametrize("text", ["[]", '"text"', "5", "null", "true"])
def test_it_refuses_json_that_is_no_object(boss, url, text):
    assert field_codes(boss.send_text("patch", url, text)) == {"non_field_errors": ["not_object"]}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_it_answers_404_for_a_provider_that_is_not_there(boss, method):
    assert boss.call(method, "image-providers/999999/", {"name": "a"}).status_code == 404
