"""Where a part of the cost is unknown, what is known counts, and so does what was held for the rest."""

import base64

import pytest

from src.ai import providers
from src.ai.models import ImageGeneration, ProviderCall
from src.ai.providers import adapters
from src.usage.models import Counter, LedgerEntry
from tests.factories import make_model, make_provider, make_settings
from tests.upstream import pictures

TOKENS = [
    {"unit": "mtok_in", "price": "1500000"},
    {"unit": "mtok_out", "price": "7500000"},
    {"unit": "mtok_image_out", "price": "30000000"},
]
PNG = base64.b64encode(pictures.draw((64, 64), "png")).decode()


@pytest.fixture
def banana(transactional_db, upstream):
    gemini = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    pricing = [*TOKENS, {"unit": "image", "price": "50000", "when": {"resolution": "2K"}}]
    return make_model(
        gemini, "gemini-nano-banana-2.1", image_spec={"max_n": 10, "resolutions": ["1K"]}, pricing=pricing
    )


def play_without_usage(upstream) -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    upstream.play_response(body={"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]})


def spent() -> set[int]:
    return {counter.spent_micros for counter in Counter.objects.all()}


def test_a_call_of_unknown_cost_counts_as_what_was_held_for_it(generate, banana, upstream):
    play_without_usage(upstream)

    data = generate(model_id=banana.pk, n=3).data["data"]

    known = [call.cost_micros for call in ProviderCall.objects.all() if call.cost_micros is not None]
    assert (data["delivered"], data["cost_micros"], data["cost_source"], len(known)) == (3, None, "unknown", 2)
    assert spent() == {sum(known) + 50_000}
    assert {(counter.reserved_images, counter.reserved_micros) for counter in Counter.objects.all()} == {(0, 0)}


def test_so_a_budget_cannot_be_walked_past(generate, banana, ai_manager, upstream):
    make_settings(ai_manager, banana.provider, monthly_budget_micros=320_000)
    codes = []
    for _ in range(4):
        if len(codes) < 2:
            play_without_usage(upstream)
        codes.append(generate(model_id=banana.pk, n=3).data["code"])

    assert codes == ["image_generated_and_saved", "image_generated_and_saved", "budget_exceeded", "budget_exceeded"]


def test_a_broken_picture_of_a_flat_price_costs_that_price(generate, upstream):
    upstream.play_response(body={"data": [{"b64_json": PNG}, {"b64_json": PNG}, {"b64_json": "%%%"}]})

    data = generate(n=3).data["data"]

    assert (data["delivered"], data["cost_micros"], data["cost_source"]) == (2, 120_000, "catalogue")
    assert data["failures"][0]["charged"] == "yes"
    assert spent() == {120_000}


def test_a_failure_is_charged_as_its_call_is(transactional_db, generate, upstream):
    router = make_provider(
        "openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )
    model = make_model(router, "openai/gpt-image-2.5-flare", image_spec={"max_n": 2})
    upstream.play_response(body={"data": [{"b64_json": "%%%"}], "usage": {"cost": 0, "prompt_tokens": 5}})

    answer = generate(model_id=model.pk)

    [failure] = ImageGeneration.objects.get().failures
    assert (answer.data["charged"], failure["charged"]) == ("no", "no")


def test_nothing_known_and_nothing_held_is_booked_as_unknown_and_not_as_nought(transactional_db, generate, upstream):
    hub = make_provider(
        "huggingface", adapter="huggingface", api_base_url=upstream.huggingface_url, allow_private_address=True
    )
    flux = make_model(hub, "black-forest-labs/FLUX.1-dev", image_spec={"max_n": 2}, pricing=[])
    upstream.play("huggingface/rate_limited")

    data = generate(model_id=flux.pk, n=2).data["data"]

    assert (data["delivered"], data["cost_micros"], data["charged"]) == (1, None, "yes")
    booked = LedgerEntry.objects.filter(kind="settle").values_list("micros", flat=True)
    assert set(booked) == {None}


def test_a_picture_of_which_no_token_is_counted_costs_the_price_of_a_picture(generate, gpt_image, upstream):
    gpt_image.pricing = [{"unit": "image", "price": "40000"}, *TOKENS]
    gpt_image.save()
    upstream.play_response(body={"data": [{"b64_json": PNG}], "usage": {"input_tokens": 10, "output_tokens": 0}})

    assert generate().data["data"]["cost_micros"] == 40_000


def test_an_answer_without_a_picture_that_names_no_cost_but_nought_is_free(transactional_db, generate, upstream):
    router = make_provider(
        "openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )
    model = make_model(router, "openai/gpt-image-2.5-flare", image_spec={"max_n": 2})
    upstream.play_response(body={"data": [], "usage": {"cost": 0}})

    answer = generate(model_id=model.pk)

    assert (answer.data["code"], answer.data["charged"]) == ("no_image_returned", "no")
    assert {counter.reserved_images for counter in Counter.objects.all()} == {0}


def test_a_null_character_in_a_services_words_breaks_nothing(generate, upstream):
    upstream.play_response(status=400, body={"error": {"message": "bad \0 thing", "code": "moderation_blocked"}})

    answer = generate()

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (422, "content_refused", "no")
    assert answer.data["provider_message"] == "bad  thing"
    assert ImageGeneration.objects.get().failures[0]["facts"]["provider_message"] == "bad  thing"


def test_an_adapter_that_fails_after_sending_holds_the_money(generate, openai, tmp_path, monkeypatch):
    (tmp_path / "forgetful.py").write_text(
        "from src.ai.providers.openai_compatible import OpenAICompatible\n"
        "class Forgetful(OpenAICompatible):\n"
        "    slug, label = 'forgetful', 'Forgetful'\n"
        "    def read_answer(self, answer, conn):\n"
        "        raise ZeroDivisionError('a defect of ours')\n"
    )
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    type(openai).objects.update(adapter="forgetful")
    adapters.cache_clear()
    try:
        answer = generate()
    finally:
        adapters.cache_clear()

    assert (answer.data["code"], answer.data["charged"]) == ("provider_error", "unknown")
    assert {counter.reserved_micros for counter in Counter.objects.all()} == {40_000}


def test_a_replacement_is_named_for_one_picture_of_several_too(generate, banana, upstream):
    banana.replacement = "gemini-next"
    banana.save()
    upstream.play("gemini/model_not_found_imagen")

    [failure] = generate(model_id=banana.pk, n=2).data["data"]["failures"]

    assert (failure["reason"], failure["replacement"]) == ("model_gone", "gemini-next")
