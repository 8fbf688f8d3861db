"""One request that is several paid calls: each has its row, its charge and its end; a failure costs only itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from src.ai.models import GenerationOutput, ImageGeneration, KeyStatus, ProviderCall
from src.media.models import MediaAsset
from src.usage.models import Counter
from tests.factories import make_model, make_provider
from tests.upstream.pictures import draw as picture

BANANA = "gemini-nano-banana-2.1"
SPEC = {"aspect_ratios": ["1:1", "16:9"], "resolutions": ["1K", "2K"], "max_n": 10, "seed": True}
PRICING = [
    {"unit": "mtok_in", "price": "1500000"},
    {"unit": "mtok_out", "price": "7500000"},
    {"unit": "mtok_image_out", "price": "30000000"},
    {"unit": "image", "price": "33600", "when": {"resolution": "1K"}},
    {"unit": "image", "price": "50000", "when": {"resolution": "2K"}},
]


@pytest.fixture
def banana(transactional_db, upstream):
    gemini = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    return make_model(gemini, BANANA, image_spec=SPEC, pricing=PRICING)


@pytest.fixture
def draw(generate, banana):
    """`draw(n=3)` asks Gemini, in English."""
    return lambda **body: generate(model_id=banana.pk, **body)


def test_each_picture_is_a_call_of_its_own(draw, upstream):
    answer = draw(n=3, seed=7, resolution="1K")

    assert (answer.status_code, answer.data["data"]["delivered"], upstream.paid_calls) == (201, 3, 3)
    calls = ProviderCall.objects.order_by("index")
    assert [(call.index, call.status, call.charged) for call in calls] == [(n, "received", "yes") for n in range(3)]
    assert len({call.upstream_request_id for call in calls}) == 3
    assert list(GenerationOutput.objects.values_list("index", "seed")) == [(0, 7), (1, 8), (2, 9)]
    generation = ImageGeneration.objects.get()
    assert generation.cost_micros == sum(call.cost_micros for call in calls) > 0
    assert generation.cost_micros == sum(asset.cost_micros for asset in MediaAsset.objects.all())


def test_one_that_is_refused_costs_only_itself(draw, upstream):
    upstream.play("gemini/prompt_blocked")

    data = draw(n=3).data["data"]

    [failure] = data["failures"]
    assert (data["delivered"], data["charged"], failure["code"]) == (2, "yes", "content_refused")
    assert failure["categories"] and failure["message"]
    assert {picture["index"] for picture in data["images"]} == {0, 1, 2} - {failure["index"]}
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(0, 2)}
    refused = ProviderCall.objects.get(index=failure["index"])
    assert (refused.status, refused.error_code, refused.charged) == ("failed", "content_refused", "yes")
    # Twelve tokens at 1.5 micros.
    assert refused.cost_micros == 18
    assert data["cost_micros"] == sum(call.cost_micros for call in ProviderCall.objects.all())


def test_one_that_was_refused_without_a_count_cost_nothing(draw, upstream):
    upstream.play_response(body={"promptFeedback": {"blockReason": "SAFETY"}})

    data = draw(n=2).data["data"]

    refused = ProviderCall.objects.get(index=data["failures"][0]["index"])
    assert (refused.status, refused.charged, refused.cost_micros) == ("failed", "no", None)


def test_one_whose_end_is_unclear_holds_the_whole_reservation(draw, upstream):
    upstream.drop_after_accept()

    data = draw(n=2, resolution="1K").data["data"]

    assert (data["delivered"], data["charged"], data["cost_micros"], data["cost_source"]) == (
        1,
        "unknown",
        None,
        "unknown",
    )
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(2, 0)}
    assert {counter.reserved_micros for counter in Counter.objects.all()} == {67_200}
    statuses = set(ProviderCall.objects.values_list("status", "charged"))
    assert statuses == {("received", "yes"), ("unknown", "unknown")}


def test_if_all_fail_the_first_ones_error_is_the_answer(draw, upstream):
    upstream.play("gemini/rate_limited", times=3)

    answer = draw(n=3)

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (503, "provider_rate_limited", "no")
    assert int(answer.headers["Retry-After"]) > 0
    generation = ImageGeneration.objects.get()
    assert (generation.status, len(generation.failures), generation.cost_micros) == ("failed", 3, None)
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(0, 0)}


def test_a_key_that_one_call_is_refused_for_is_marked(draw, banana, upstream):
    upstream.play("gemini/invalid_key")

    assert draw(n=2).data["data"]["delivered"] == 1
    banana.provider.refresh_from_db()
    assert banana.provider.key_status == KeyStatus.INVALID


def test_an_answer_without_a_picture_is_a_failure_at_its_place(draw, upstream):
    upstream.play("gemini/no_image_text_only")

    data = draw(n=2).data["data"]

    [failure] = data["failures"]
    assert (data["delivered"], failure["code"], failure["reason"]) == (1, "no_image_returned", "no_image")
    assert (failure["charged"], failure["provider_message"]) == ("yes", "I'm unable to create that image.")
    # 12 tokens in at 1.5 micros, 9 out at 7.5, rounded up.
    assert ProviderCall.objects.get(index=failure["index"]).cost_micros == 86


def test_a_single_refusal_costs_its_tokens(draw, upstream):
    upstream.play("gemini/content_policy_refusal_image_safety")

    answer = draw(n=1)

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (422, "content_refused", "yes")
    generation = ImageGeneration.objects.get()
    assert (generation.status, generation.charged, generation.cost_micros) == ("refused", "yes", 18)
    assert {(counter.reserved_micros, counter.spent_micros) for counter in Counter.objects.all()} == {(0, 18)}


def test_the_inbox_is_empty_once_all_is_booked(draw, settings, upstream):
    upstream.play("gemini/no_image_text_only")

    draw(n=3)

    left = [path for path in settings.INBOX_DIR.rglob("*") if path.is_file()]
    assert [path.parts[-4] for path in left] == ["quarantine"]


@pytest.mark.parametrize("n", [4, 10])
def test_as_many_as_are_asked_for_are_in_flight_at_once(draw, upstream, n):
    with ThreadPoolExecutor(1) as thread:
        with upstream.hold():
            drawing = thread.submit(draw, n=n)
            upstream.wait_until_in_flight(n, timeout_s=4)
        drawing.result()
        thread.submit(connections.close_all).result()

    assert upstream.max_in_flight == n


def test_pictures_too_large_for_one_answer_keep_their_indices(generate, gpt_image, upstream):
    gpt_image.image_spec = {"sizes": ["3840x2160"], "max_n": 10}
    gpt_image.save()
    upstream.play("openai/rate_limited_images")
    upstream.picture_next(picture((8, 8), "png"), times=3)

    data = generate(n=10, size="3840x2160").data["data"]

    failed = [failure["index"] for failure in data["failures"]]
    assert sorted([*failed, *(image["index"] for image in data["images"])]) == list(range(10))
    assert failed in ([0, 1, 2], [3, 4, 5], [6, 7, 8], [9])
    assert sorted(request.json["n"] for request in upstream.paid_requests) == [1, 3, 3, 3]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"size": "1024x1024"}, "size", "unsupported_parameter"),
        ({"aspect_ratio": "9:16"}, "aspect_ratio", "not_offered"),
        ({"resolution": "4K"}, "resolution", "not_offered"),
        ({"negative_prompt": "rain"}, "negative_prompt", "unsupported_parameter"),
        ({"output_compression": 50}, "output_compression", "unsupported_parameter"),
        ({"seed": 2**31 - 1, "n": 2}, "seed", "too_large"),
        ({"quality": "high"}, "quality", "unsupported_parameter"),
    ],
)
def test_what_cannot_be_said_to_the_service_names_its_field(draw, upstream, body, field, code):
    answer = draw(**body)

    assert {name: [error["code"] for error in found] for name, found in answer.data["errors"].items()} == {
        field: [code]
    }
    assert upstream.requests == []
