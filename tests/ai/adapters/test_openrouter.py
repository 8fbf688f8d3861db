"""OpenRouter as documented: what leaves, what it costs, and what its errors mean."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageEditRequest, ImageRequest, Preview
from src.ai.providers.errors import (
    BrokenAnswer,
    ContentRefused,
    KeyInvalid,
    NoImageReturned,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from tests.ai.adapters.references import REFERENCES
from tests.ai.adapters.services import connection_of
from tests.upstream import delivery, load_fixture

FLARE = "openai/gpt-image-2.5-flare"
SEEDREAM = "bytedance-seed/seedream-5-0-pro"
REQUEST = ImageRequest(model_id=FLARE, prompt="a red bicycle")
PREVIEWED = replace(REQUEST, partial_images=2)
PICTURE = load_fixture("openrouter/images_success").json["data"][0]


@pytest.fixture
def connection(upstream):
    return connection_of("openrouter", upstream)


@pytest.fixture
def make(connection, events):
    async def generate(request=REQUEST, connection=connection):
        return await get_adapter("openrouter").generate(connection, request, on_event=events)

    return generate


@pytest.fixture
def fail(make):
    async def generate(request=REQUEST) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await make(request)
        return caught.value

    return generate


async def test_the_documented_request_is_what_leaves(upstream, make):
    documented = load_fixture("openrouter/images_success").request["json"]
    request = ImageRequest(
        model_id=documented["model"], prompt=documented["prompt"], resolution="2K", aspect_ratio="16:9"
    )

    await make(request)

    sent = upstream.paid_requests[0]
    assert (sent.json, sent.path) == (documented, "/openrouter/api/v1/images")
    assert sent.bearer == "sk-test-good"


async def test_everything_that_was_asked_leaves(upstream, make):
    asked = {"size": "1024x1024", "quality": "high", "output_format": "webp", "output_compression": 80, "seed": 5}

    await make(replace(REQUEST, n=2, background="opaque", **asked))

    sent = {"model": FLARE, "prompt": REQUEST.prompt, "n": 2, "background": "opaque", **asked}
    assert upstream.paid_requests[0].json == sent


async def test_references_travel_as_data_urls(upstream, connection, events):
    request = ImageEditRequest(model_id=FLARE, prompt="watercolor", references=REFERENCES)

    result = await get_adapter("openrouter").edit(connection, request, on_event=events)

    parts = upstream.paid_requests[0].json["input_references"]
    heads, contents = zip(*(part["image_url"]["url"].split(",") for part in parts), strict=True)
    assert heads == ("data:image/png;base64", "data:image/webp;base64", "data:image/jpeg;base64")
    assert [base64.b64decode(content) for content in contents] == [each.content for each in REFERENCES]
    assert (
        parts[0].keys() == load_fixture("openrouter/images_edit_success").request["json"]["input_references"][0].keys()
    )
    assert len(result.images) == 1


@pytest.mark.parametrize(
    ("config", "headers"),
    [
        ({}, {}),
        ({"app_title": "Negareh"}, {"X-OpenRouter-Title": "Negareh"}),
        (
            {"app_url": "https://n.example", "app_title": "N"},
            {"HTTP-Referer": "https://n.example", "X-OpenRouter-Title": "N"},
        ),
        ({"app_url": "a\r\nEvil: 1", "app_title": "نگاره"}, {}),
        ({"app_url": 5, "app_title": None}, {}),
        ({"app_url": "", "app_title": ""}, {}),
    ],
)
async def test_the_installation_is_named_only_where_wanted(upstream, make, connection, config, headers):
    await make(connection=replace(connection, config=config))

    sent = upstream.paid_requests[0].headers
    assert {name: sent[name] for name in ("HTTP-Referer", "X-OpenRouter-Title") if name in sent} == headers


@pytest.mark.parametrize("fixture", ["images_success", "images_edit_success"])
async def test_the_cost_is_what_the_answer_says(upstream, make, fixture):
    upstream.play(f"openrouter/{fixture}")
    usage = load_fixture(f"openrouter/{fixture}").json["usage"]

    [call] = (await make()).calls

    assert call.cost_micros == round(usage["cost"] * 1_000_000)
    assert (call.usage.text_in, call.usage.image_out) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert call.images[0].content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        ({"cost": 0.05}, 50_000),
        ({"cost": 0}, 0),
        ({"cost": 0.002, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.04}}, 42_000),
        ({"cost": 0.002, "is_byok": True}, None),
        ({"cost": 0.002, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None),
        ({"cost": 0.05, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.04}}, 50_000),
        ({"cost": "0.05"}, None),
        ({"cost": -1}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
async def test_with_a_makers_own_key_the_makers_bill_counts_too(upstream, make, usage, micros):
    upstream.play_response(body={"data": [PICTURE], "usage": usage})

    assert (await make()).calls[0].cost_micros == micros


async def test_a_vector_picture_goes_through_as_it_is(make):
    result = await make(ImageRequest(model_id="recraft/recraft-v4.1", prompt="a", output_format="svg"))

    assert result.images[0].content.startswith(b"<svg")


@pytest.mark.parametrize("data", [[], None, "x", [None], [{}], [5]])
async def test_no_picture_is_an_error(upstream, fail, data):
    upstream.play_response(body={"data": data})

    assert type(await fail()) is NoImageReturned


def previews_in(events) -> list[Preview]:
    return [event for event in events if isinstance(event, Preview)]


async def test_previews_come_before_the_picture(upstream, make, events):
    result = await make(PREVIEWED)

    assert [preview.preview_index for preview in previews_in(events)] == [0, 1]
    assert result.images[0].content not in [preview.content for preview in previews_in(events)]
    assert result.calls[0].cost_micros > 0
    sent = upstream.paid_requests[0].json
    assert (sent["stream"], "partial_images" in sent) == (True, False)


async def test_the_recorded_stream_is_read(upstream, make, events):
    upstream.play("openrouter/images_stream_success")

    [call] = (await make(PREVIEWED)).calls

    assert (len(call.images), call.cost_micros, len(previews_in(events))) == (1, 11_000, 1)


async def test_what_is_no_picture_in_a_stream_is_passed_over(upstream, make, events):
    chunk = {"type": "image_generation.text_chunk", "text": "<svg", "phase": "content"}
    body = f": OPENROUTER PROCESSING\n\ndata: {json.dumps(chunk)}\n\n".encode()
    recorded = load_fixture("openrouter/images_stream_success").body
    upstream.play_response(headers={"content-type": "text/event-stream"}, body=body + recorded)

    assert len((await make(PREVIEWED)).images) == 1
    assert len(previews_in(events)) == 1


async def test_a_model_that_does_not_stream_is_read_all_the_same(make, events):
    assert len((await make(ImageRequest(model_id=SEEDREAM, prompt="a", partial_images=2))).images) == 1
    assert previews_in(events) == []


async def test_an_error_in_a_stream_is_not_billed(upstream, fail):
    upstream.play("openrouter/images_stream_error")

    error = await fail(PREVIEWED)

    assert (type(error), error.charged) == (ServiceFailed, "no")


async def test_a_stream_that_is_cut_may_have_been_billed(upstream, fail):
    recorded = load_fixture("openrouter/images_stream_success")
    upstream.play_response(headers=recorded.headers, body=recorded.body, deliver=delivery.cut_short(200))

    error = await fail(PREVIEWED)

    assert (type(error), error.charged) == (BrokenAnswer, "unknown")


async def test_a_connection_lost_after_the_picture_loses_nothing(upstream, make):
    recorded = load_fixture("openrouter/images_stream_success")
    at = recorded.body.index(b"data: [DONE]")
    upstream.play_response(headers=recorded.headers, body=recorded.body, deliver=delivery.cut_short(at))

    assert len((await make(PREVIEWED)).images) == 1


ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    "invalid_key": (KeyInvalid, ""),
    "quota_exhausted": (QuotaExhausted, ""),
    "bad_request": (Rejected, "bad_request"),
    "no_endpoints": (Rejected, "model_gone"),
    "rate_limited": (RateLimited, ""),
    "server_error": (ServiceFailed, ""),
    "provider_error": (ServiceFailed, ""),
    "content_policy_as_502": (ContentRefused, ""),
    "content_policy_refusal_typed": (ContentRefused, ""),
    "content_policy_refusal_moderation": (ContentRefused, ""),
    "guardrail_block": (ContentRefused, ""),
    "chat_image_200_with_error_body": (ServiceFailed, ""),
}


@pytest.mark.parametrize("fixture", ERRORS)
async def test_every_error_has_its_class_and_is_not_billed(upstream, fail, fixture):
    upstream.play(f"openrouter/{fixture}")

    error = await fail()

    assert (type(error), error.reason, error.charged) == (*ERRORS[fixture], "no")


async def test_moderation_names_its_reasons(upstream, fail):
    upstream.play("openrouter/content_policy_refusal_moderation")

    assert (await fail()).facts["categories"] == ["violence"]


TYPES: list[tuple[int, str, type[ProviderError], str]] = [
    (403, "permission_denied", Rejected, ""),
    (402, "payment_required", QuotaExhausted, ""),
    (429, "rate_limit_exceeded", RateLimited, ""),
    (503, "provider_overloaded", Overloaded, ""),
    (502, "provider_unavailable", ServiceFailed, ""),
    (504, "timeout", ProviderTimeout, ""),
    (500, "unmapped", ServiceFailed, ""),
    (404, "not_found", Rejected, ""),
    (413, "payload_too_large", Rejected, ""),
    (400, "string_too_long", Rejected, "prompt"),
    (400, "image_too_large", Rejected, "references"),
    (404, "image_not_found", Rejected, "references"),
    (400, "refusal", ContentRefused, ""),
]


@pytest.mark.parametrize(("status", "error_type", "kind", "field"), TYPES)
@pytest.mark.parametrize("is_inside", [False, True])
async def test_the_error_type_decides_also_inside_a_200(upstream, fail, status, error_type, kind, field, is_inside):
    body = {"error": {"code": status, "message": "no", "metadata": {"error_type": error_type}}}
    upstream.play_response(status=200 if is_inside else status, body=body)

    error = await fail()

    assert (type(error), error.facts.get("field", ""), error.charged) == (kind, field, "no")


def typed(error_type: str, **facts: Any) -> dict[str, Any]:
    return {"error": {"message": "no", "metadata": {"error_type": error_type}, **facts}}


@pytest.mark.parametrize("status", [500, 502])
@pytest.mark.parametrize("error_type", ["authentication", "payment_required", "rate_limit_exceeded", "not_found"])
async def test_what_a_maker_told_openrouter_is_no_verdict_on_us(upstream, fail, status, error_type):
    upstream.play_response(status=status, body=typed(error_type, code=status))

    error = await fail()

    assert (type(error), error.charged, error.permanent) == (ServiceFailed, "no", False)


@pytest.mark.parametrize("code", [401, 200])
async def test_a_key_that_is_refused_inside_a_200_is_not_ours(upstream, fail, code):
    upstream.play_response(body=typed("authentication", code=code))

    assert type(await fail()) is ServiceFailed


async def test_a_bad_key_inside_a_200_without_a_type_is_not_ours(upstream, fail):
    upstream.play_response(body={"error": {"code": 401, "message": "no"}})

    assert type(await fail()) is ServiceFailed


@pytest.mark.parametrize("error_type", ["authentication", "content_policy_violation", "timeout"])
async def test_a_429_stays_one_and_keeps_its_wait(upstream, fail, error_type):
    upstream.play_response(status=429, headers={"retry-after": "9"}, body=typed(error_type))

    error = await fail()

    assert (type(error), error.retry_after_s) == (RateLimited, 9)


async def test_a_401_is_a_bad_key_whatever_comes_back_later(upstream, fail):
    upstream.play_response(status=401, body={"error": {"code": 401, "availability": {"retryable": True}}})

    assert type(await fail()) is KeyInvalid


@pytest.mark.parametrize("status", [200, 408, 500, 502, 503, 504, 524, 529])
@pytest.mark.parametrize("body", [{}, [], "down", {"message": "Internal server error"}, {"error": "down"}])
async def test_json_of_a_gateway_says_nothing_of_the_bill(upstream, fail, status, body):
    upstream.play_response(status=status, body=body)

    assert (await fail()).charged == "unknown"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(408, ProviderTimeout), (524, ProviderTimeout), (529, Overloaded), (503, Overloaded), (422, Rejected)],
)
async def test_an_untyped_error_is_classed_by_its_status(upstream, fail, status, kind):
    upstream.play_response(status=status, body={"error": {"code": status, "message": "no"}})

    error = await fail()

    assert (type(error), error.charged) == (kind, "no")


async def test_the_page_of_a_proxy_says_nothing_of_the_bill(upstream, fail):
    upstream.play_response(status=524, headers={"content-type": "text/html"}, body=b"<html>timeout</html>")

    error = await fail()

    assert (type(error), error.charged) == (BrokenAnswer, "unknown")


async def test_a_lost_connection_may_have_been_billed(upstream, fail):
    upstream.drop_after_accept()

    assert (await fail()).charged == "unknown"


def unavailable(**availability: Any) -> dict[str, Any]:
    return {"error": {"code": 404, "message": "No endpoints", "availability": availability}}


@pytest.mark.parametrize(
    ("availability", "kind", "seconds"),
    [
        ({"retryable": False}, Rejected, None),
        ({"retryable": False, "retry_after": 30}, Rejected, 30),
        ({"retryable": True, "retry_after": 30}, Overloaded, 30),
        ({"retryable": True, "retry_after": 10**9}, Overloaded, 3600),
        ({"retryable": True, "retry_after": -5}, Overloaded, None),
        ({"retryable": True, "retry_after": "soon"}, Overloaded, None),
        ({"retryable": "yes", "retry_after": True}, Rejected, None),
    ],
)
async def test_a_model_that_comes_back_is_only_overloaded(upstream, fail, availability, kind, seconds):
    upstream.play_response(status=404, body=unavailable(**availability))

    error = await fail()

    assert (type(error), error.retry_after_s) == (kind, seconds)


async def test_the_wait_is_read_from_the_header_first(upstream, fail):
    upstream.play("openrouter/rate_limited")

    assert (await fail()).retry_after_s == 60


@pytest.mark.parametrize(("text", "waits"), [("99999999999999", 3600), ("1", None), ("x", None), ("9" * 40, None)])
async def test_the_moment_of_the_reset_is_a_wait_too(upstream, fail, text, waits):
    upstream.play_response(status=429, headers={"X-RateLimit-Reset": text}, body={"error": {"code": 429}})

    assert (await fail()).retry_after_s == waits


KEY = load_fixture("openrouter/key_info").json["data"]


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (KEY, (True, "ok")),
        (KEY | {"limit": None, "limit_remaining": None}, (True, "ok")),
        (KEY | {"limit_remaining": 0}, (True, "no_credit")),
        (KEY | {"limit_remaining": -0.01}, (True, "no_credit")),
        (KEY | {"limit_remaining": False}, (True, "ok")),
        (KEY | {"is_management_key": True}, (True, "no_permission")),
        ({}, (True, "ok")),
        (None, (None, "broken_answer")),
        ([], (None, "broken_answer")),
    ],
)
async def test_the_key_call_tells_what_is_left(upstream, connection, state, verdict):
    upstream.play_response(path="/key", body={"data": state})

    check = await get_adapter("openrouter").check_key(connection)

    assert (check.is_valid, check.reason) == verdict
