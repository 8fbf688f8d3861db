"""What we turn down ourselves: with a code, a field, a message in both languages, and nothing half done."""

from datetime import date

import pytest

from src.ai.models import ImageGeneration
from src.usage.models import Counter, LedgerEntry
from tests.ai.generation.conftest import URL
from tests.factories import make_model, make_provider, make_sandbox

PERSIAN_LETTERS = set("ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی")

BAD_FIELDS = [
    ("prompt", {"prompt": ""}, "blank"),
    ("prompt", {"prompt": "   "}, "blank"),
    ("prompt", {"prompt": None}, "required"),
    ("prompt", {"prompt": "a" * 32_001}, "too_long"),
    ("prompt", {"prompt": 5}, "not_text"),
    ("prompt", {"prompt": ["a"]}, "not_text"),
    ("prompt", {"prompt": "a\x00b"}, "null_characters_not_allowed"),
    ("model_id", {"model_id": 999_999}, "unknown_model"),
    ("model_id", {"model_id": "1"}, "not_integer"),
    ("model_id", {"model_id": True}, "not_integer"),
    ("model_id", {"model_id": None}, "model_or_model_id"),
    ("model", {"model_id": None, "model": "openai/none"}, "unknown_model"),
    ("model", {"model_id": None, "model": "nonsense"}, "unknown_model"),
    ("model_id", {"model": "openai/gpt-image-2.5-flare"}, "model_or_model_id"),
    ("size", {"size": "1x1"}, "size_not_offered"),
    ("size", {"size": "1000x1001"}, "size_not_offered"),
    ("size", {"size": "huge"}, "size_not_offered"),
    ("size", {"size": "99999999x99999999"}, "size_not_kept"),
    ("size", {"size": "1024x1024x1024x1024x1"}, "too_long"),
    ("quality", {"quality": "best"}, "invalid_choice"),
    ("style", {"style": "vivid"}, "unsupported_parameter"),
    ("n", {"n": 0}, "too_small"),
    ("n", {"n": 11}, "too_large"),
    ("n", {"n": "2"}, "not_integer"),
    ("n", {"n": 2.0}, "not_integer"),
    ("n", {"n": True}, "not_integer"),
    ("seed", {"seed": 7}, "unsupported_parameter"),
    ("background", {"background": "pink"}, "invalid_choice"),
    ("output_format", {"output_format": "svg"}, "invalid_choice"),
    ("output_format", {"output_format": "jpeg", "background": "transparent"}, "transparent_needs_png_or_webp"),
    ("save_to_media", {"save_to_media": "yes"}, "not_boolean"),
    ("title", {"title": "a" * 301}, "too_long"),
    ("visibility", {"visibility": "public"}, "invalid_choice"),
    ("expected_key_source", {"expected_key_source": "stolen"}, "invalid_choice"),
    ("colour", {"colour": "red"}, "unknown_field"),
]


def nothing_was_done(upstream) -> bool:
    rows = (ImageGeneration, LedgerEntry, Counter)
    return upstream.paid_calls == 0 and not any(row.objects.exists() for row in rows)


@pytest.mark.parametrize(("field", "body", "code"), BAD_FIELDS)
def test_it_names_the_field_that_is_wrong(generate, upstream, field, body, code):
    answer = generate(**body)

    assert (answer.status_code, answer.data["code"]) == (400, "validation_error")
    assert [error["code"] for error in answer.data["errors"][field]] == [code]
    assert list(answer.data["errors"]) == [field]
    assert nothing_was_done(upstream)


@pytest.mark.parametrize(("field", "body", "code"), BAD_FIELDS)
def test_it_says_so_in_persian(gpt_image, ai_manager, client_of, field, body, code):
    sent = {"model_id": gpt_image.pk, "prompt": "a red bicycle", **body}
    sent = {name: value for name, value in sent.items() if value is not None}

    answer = client_of(ai_manager).post(URL, sent)

    assert PERSIAN_LETTERS & set(answer.data["message"])
    assert PERSIAN_LETTERS & set(answer.data["errors"][field][0]["message"])


def test_it_names_every_wrong_field_at_once(generate):
    answer = generate(size="1x1", style="vivid", seed=1)

    assert set(answer.data["errors"]) == {"size", "style", "seed"}


@pytest.mark.parametrize("body", ["[]", '"text"', "5", "null"])
def test_it_refuses_json_that_is_no_object(gpt_image, ai_manager, client_of, body):
    answer = client_of(ai_manager).post(URL, body, content_type="application/json")

    assert (answer.status_code, answer.data["code"]) == (400, "validation_error")
    assert answer.data["errors"]["non_field_errors"][0]["code"] == "not_object"


@pytest.mark.parametrize("body", ["{", '{"prompt": }', "\xff", ""])
def test_it_refuses_a_body_that_is_no_json(gpt_image, ai_manager, client_of, body):
    answer = client_of(ai_manager).post(URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.data["code"] in ("malformed_json", "validation_error")


def test_it_refuses_a_model_that_makes_no_pictures(generate, openai, upstream):
    chat = make_model(openai, "gpt-6-luna", capabilities={"chat": True}, image_spec=None)

    answer = generate(model_id=chat.pk)

    assert (answer.status_code, answer.data["code"]) == (400, "model_no_image_capability")
    assert nothing_was_done(upstream)


def test_it_refuses_a_service_whose_adapter_was_taken_out(generate):
    gone = make_model(make_provider("gone", adapter="gone", api_base_url="https://g.example/v1"), "g")

    answer = generate(model_id=gone.pk)

    assert (answer.status_code, answer.data["code"]) == (400, "adapter_missing")


def test_it_refuses_an_inactive_model(generate, gpt_image, upstream):
    type(gpt_image).objects.update(is_active=False)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (403, "model_disabled")
    assert answer.data["reason"] == "model_inactive"
    assert nothing_was_done(upstream)


def test_it_refuses_a_model_past_its_date_and_names_the_next(generate, openai):
    ended = make_model(openai, "dall-e-3", shutdown_date=date(2026, 5, 12), replacement="gpt-image-2.5-sunburst")

    answer = generate(model_id=ended.pk)

    assert (answer.status_code, answer.data["code"]) == (403, "model_disabled")
    assert answer.data["replacement"] == "gpt-image-2.5-sunburst"
    assert "2026-05-12" in answer.data["message"]


def test_it_refuses_an_inactive_provider(generate, openai):
    type(openai).objects.update(is_active=False)

    answer = generate()

    assert (answer.status_code, answer.data["reason"]) == (403, "provider_inactive")


def test_it_refuses_who_has_no_key_and_says_what_would_help(generate, openai):
    type(openai).objects.update(allow_shared_for_normal_admins=False)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (403, "model_access_denied")
    assert (answer.data["reason"], answer.data["remedy"]) == ("shared_key_reserved", "enter_personal_key")
    assert answer.data["remedy_message"]


def test_it_refuses_a_key_source_other_than_expected(generate, upstream):
    answer = generate(expected_key_source="personal")

    assert (answer.status_code, answer.data["code"]) == (409, "key_source_changed")
    assert nothing_was_done(upstream)


def test_it_takes_the_expected_key_source(generate):
    assert generate(expected_key_source="shared").status_code == 201


def test_it_refuses_an_unknown_price_where_the_provider_blocks_it(generate, openai, gpt_image, upstream):
    type(openai).objects.update(unknown_price_policy="block")
    type(gpt_image).objects.update(pricing=[])

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (402, "price_unknown_blocked")
    assert nothing_was_done(upstream)


def test_it_refuses_anonymous_people(client_of, gpt_image):
    answer = client_of().post(URL, {"model_id": gpt_image.pk, "prompt": "a"})

    assert (answer.status_code, answer.data["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_it_refuses_the_stranger(client_of, gpt_image, stranger):
    answer = client_of(stranger).post(URL, {"model_id": gpt_image.pk, "prompt": "a"})

    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")


def test_it_refuses_a_token_without_the_scope(client_of, gpt_image, super_admin):
    answer = client_of(super_admin, scopes=["providers"]).post(URL, {"model_id": gpt_image.pk, "prompt": "a"})

    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")
    assert "scope" in answer.data["errors"]


def test_it_refuses_other_methods(client_of, ai_manager, db):
    answer = client_of(ai_manager).get(URL)

    assert (answer.status_code, answer.data["code"]) == (405, "method_not_allowed")


def test_it_refuses_forms(client_of, ai_manager, gpt_image):
    answer = client_of(ai_manager).post(URL, "prompt=a", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.data["code"]) == (415, "unsupported_media_type")


def test_it_takes_a_model_by_its_name(generate, gpt_image):
    answer = generate(model_id=None, model=f"openai/{gpt_image.model_id}")

    assert answer.status_code == 201


def test_the_sandbox_needs_no_key(generate):
    sandbox = make_model(make_sandbox(), "canvas", image_spec={"sizes": ["64x64"]}, pricing=[])

    answer = generate(model_id=sandbox.pk, size="64x64")

    assert (answer.status_code, answer.data["data"]["cost_micros"]) == (201, 0)
    assert answer.data["data"]["charged"] == "no"
