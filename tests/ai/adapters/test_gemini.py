"""What Gemini's answers mean: refusals inside a 200, tokens by kind, typed error details, a list without modalities."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ListedModel, ProviderConnection
from src.ai.providers.errors import (
    WORDS_MAX_CHARS,
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
from src.ai.providers.gemini import capabilities_of, read_answer, response_id, to_model
from src.ai.specs import TokenUsage
from src.core.outbound import Answer
from src.core.secret import Secret
from tests.ai.adapters.services import connection_of, request_of
from tests.upstream import load_fixture
from tests.upstream.pictures import draw

KEY = "sk-canary-0123456789"
CONNECTION = ProviderConnection(base_url="https://api.example/v1beta", key=Secret(KEY))
PICTURE = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(draw((8, 8), "png")).decode()}}
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


@pytest.fixture
def connection(upstream):
    return connection_of("gemini", upstream)


async def generate(connection, events, **changes):
    request = replace(request_of("gemini"), **changes)
    return await get_adapter("gemini").generate(connection, request, on_event=events)


def class_error(status: int, error: Any, **headers: str) -> ProviderError:
    return get_adapter("gemini").class_error(Answer(status, headers, json.dumps({"error": error}).encode()), CONNECTION)


def answered(*parts: Any, finish: str = "STOP", **usage: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": finish}], "usageMetadata": usage}


async def test_each_picture_is_a_call_of_its_own_with_a_seed_of_its_own(upstream, connection, events):
    result = await generate(connection, events, n=3, seed=40)

    assert sorted(request.json["generationConfig"]["seed"] for request in upstream.paid_requests) == [40, 41, 42]
    assert [(call.call_index, call.images[0].seed) for call in result.calls] == [(0, 40), (1, 41), (2, 42)]
    assert len({image.content for image in result.images}) == 3


async def test_one_refused_call_of_several_costs_only_itself(upstream, connection, events):
    upstream.play("gemini/content_policy_refusal_image_safety")

    result = await generate(connection, events, n=3)

    assert [type(call.error) for call in result.calls if call.error] == [ContentRefused]
    assert len(result.images) == 2


async def test_the_key_is_never_in_the_url(upstream, connection, events):
    await generate(connection, events)
    await get_adapter("gemini").list_models(connection)

    assert not any("key" in request.query or "authorization" in request.headers for request in upstream.requests)


async def test_a_model_id_stays_one_segment_of_the_path(upstream, connection, events):
    with pytest.raises(Rejected) as caught:
        await generate(connection, events, model_id="../files?x=")

    assert caught.value.reason == "model_gone"
    assert (upstream.requests[0].path, dict(upstream.requests[0].query)) == (
        "/gemini/v1beta/models/../files?x=:generateContent",
        {},
    )


async def test_a_blocked_prompt_is_a_refusal_that_costs_its_tokens(upstream, connection, events):
    upstream.play("gemini/prompt_blocked")

    with pytest.raises(ContentRefused) as caught:
        await generate(connection, events)

    assert (caught.value.charged, caught.value.usage) == ("yes", TokenUsage(text_in=12))
    assert caught.value.facts["categories"] == ["PROHIBITED_CONTENT"]


async def test_a_blocked_picture_is_a_refusal_that_costs_its_tokens(upstream, connection, events):
    upstream.play("gemini/content_policy_refusal_image_safety")

    with pytest.raises(ContentRefused) as caught:
        await generate(connection, events)

    assert (caught.value.charged, caught.value.usage) == ("yes", TokenUsage(text_in=12))
    assert caught.value.facts["categories"] == ["IMAGE_SAFETY"]
    assert caught.value.facts["provider_message"].startswith("Unable to show the generated image.")


@pytest.mark.parametrize(
    ("document", "kind", "charged"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, ContentRefused, "no"),
        ({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 0}}, ContentRefused, "no"),
        ({"candidates": [{"finishReason": "IMAGE_SAFETY"}]}, ContentRefused, "unknown"),
        ({"candidates": [{"finishReason": "PUP_LIMITED_DISABLED"}]}, Rejected, "unknown"),
        ({"candidates": [{"finishReason": "OTHER"}]}, NoImageReturned, "unknown"),
    ],
)
def test_without_tokens_only_a_stopped_prompt_surely_cost_nothing(document, kind, charged):
    with pytest.raises(kind) as caught:
        read_answer(document, CONNECTION)

    assert (caught.value.charged, caught.value.usage) == (charged, None)


async def test_words_instead_of_a_picture_reach_the_person_and_cost_their_tokens(upstream, connection, events):
    upstream.play("gemini/no_image_text_only")

    with pytest.raises(NoImageReturned) as caught:
        await generate(connection, events)

    assert (caught.value.charged, caught.value.usage) == ("yes", TokenUsage(text_in=12, text_out=9))
    assert (caught.value.reason, caught.value.permanent) == ("no_image", False)
    assert caught.value.facts["provider_message"] == "I'm unable to create that image."


def test_the_words_are_cleaned_and_without_thoughts():
    parts = [{"text": "I thought", "thought": True}, {"text": f"No, {KEY} "}, {"text": 5}, {"text": "x" * 9000}]

    with pytest.raises(NoImageReturned) as caught:
        read_answer(answered(*parts), CONNECTION)

    words = caught.value.facts["provider_message"]
    assert (words[:11], len(words)) == ("No, [key] x", WORDS_MAX_CHARS)


def test_a_key_in_the_place_of_a_code_or_an_id_goes_no_further():
    key = "KEY_WITHOUT_A_KNOWN_SHAPE_0123456789"
    connection = replace(CONNECTION, key=Secret(key))

    with pytest.raises(NoImageReturned) as caught:
        read_answer(answered(finish=key), connection)
    assert caught.value.reason == "[key]"
    assert response_id({"responseId": f"resp-{key}"}, connection) == "resp-[key]"


@pytest.mark.parametrize("finish", ["NO_IMAGE", "IMAGE_OTHER", "OTHER", "MAX_TOKENS", "MALFORMED_RESPONSE"])
def test_nothing_at_all_says_why(finish):
    with pytest.raises(NoImageReturned) as caught:
        read_answer(answered(finish=finish, promptTokenCount=12), CONNECTION)

    assert (caught.value.charged, caught.value.reason) == ("yes", finish.lower())
    assert caught.value.usage == TokenUsage(text_in=12)


def test_a_limited_account_is_not_blamed_on_the_prompt():
    with pytest.raises(Rejected) as caught:
        read_answer(answered(finish="PUP_LIMITED_DISABLED"), CONNECTION)

    assert caught.value.reason == "no_permission"


def test_a_picture_counts_whatever_the_finish_reason():
    assert len(read_answer(answered(PICTURE, finish="MAX_TOKENS"), CONNECTION).images) == 1


def test_only_pictures_are_pictures():
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}
    draft = {**PICTURE, "thought": True}

    with pytest.raises(NoImageReturned):
        read_answer(answered(sound, draft, {"inlineData": {}}, {"text": "a"}, None), CONNECTION)


def test_a_picture_that_cannot_be_decoded_is_told():
    (image,) = read_answer(answered({"inlineData": {"data": "%%%"}}), CONNECTION).images

    assert (image.content, image.problem) == (b"", "undecodable")


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"promptTokenCount": 8, "candidatesTokenCount": 1290}, TokenUsage(text_in=8, image_out=1290)),
        (
            {
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 8},
                    {"modality": "IMAGE", "tokenCount": 258},
                ],
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
                "candidatesTokenCount": 1125,
                "thoughtsTokenCount": 162,
            },
            TokenUsage(text_in=8, image_in=258, text_out=167, image_out=1120),
        ),
        ({"promptTokenCount": 8}, None),
        ({"promptTokenCount": True, "candidatesTokenCount": -5, "thoughtsTokenCount": "9"}, None),
    ],
)
def test_tokens_are_told_apart_and_left_out_where_the_picture_is(usage, tokens):
    assert read_answer(answered(PICTURE, **usage), CONNECTION).usage == tokens


@pytest.mark.parametrize(
    ("delay", "wait_s"),
    [("18s", 18.0), ("1.5s", 1.5), ("86400s", 3600.0), ("18", None), ("-1s", None), (18, None)],
)
def test_the_wait_is_read_from_the_details(delay, wait_s):
    error = class_error(429, {"details": [{"@type": RETRY_INFO, "retryDelay": delay}]})

    assert (type(error), error.retry_after_s) == (RateLimited, wait_s)


def test_a_header_tells_the_wait_where_the_details_do_not():
    assert class_error(503, {"status": "UNAVAILABLE"}, **{"retry-after": "7"}).retry_after_s == 7


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"details": [{"violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]}]}, RateLimited),
        ({"details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}]}, QuotaExhausted),
        ({"details": [{"violations": [{"quotaId": "PerMinute", "quotaValue": "0"}]}]}, QuotaExhausted),
        ({"message": "Quota exceeded for metric: free_tier_requests, limit: 0, model: x"}, QuotaExhausted),
        ({"message": "Quota exceeded for metric: free_tier_requests, limit: 05, model: x"}, RateLimited),
        ({"message": "Quota exceeded for metric: free_tier_requests, limit: 0.5"}, RateLimited),
        ("Too many requests", RateLimited),
    ],
)
def test_a_quota_that_a_minute_does_not_fill_is_exhausted(error, kind):
    assert type(class_error(429, error)) is kind


@pytest.mark.parametrize(
    ("field", "ours"),
    [
        ("generation_config.image_config.aspect_ratio", "aspect_ratio"),
        ("generationConfig.imageConfig.imageSize", "resolution"),
        ("generation_config.seed", "seed"),
        ("contents", "prompt"),
        ("contents[0].parts[1].inline_data.mime_type", "references"),
        ("generation_config", None),
        (7, None),
    ],
)
def test_a_violation_names_our_parameter(field, ours):
    error = class_error(400, {"message": "Bad value", "details": [{"fieldViolations": [{"field": field}]}]})

    assert (type(error), error.facts.get("field")) == (Rejected, ours)
    assert (error.reason, error.facts["provider_message"]) == ("bad_request", "Bad value")


async def test_the_service_names_the_parameter_that_it_refuses(connection, events):
    with pytest.raises(Rejected) as caught:
        await generate(connection, events, resolution="512")

    assert (caught.value.facts["field"], caught.value.charged) == ("resolution", "no")


def test_a_project_without_billing_in_a_closed_region_may_not_call():
    error = class_error(400, {"status": "FAILED_PRECONDITION", "message": "User location is not supported."})

    assert (type(error), error.reason) == (Rejected, "no_permission")


@pytest.mark.parametrize(
    ("status", "kind", "charged"),
    [(401, KeyInvalid, "no"), (504, ProviderTimeout, "unknown"), (502, ServiceFailed, "unknown")],
)
def test_other_statuses_mean_what_they_mean_everywhere(status, kind, charged):
    error = class_error(status, {"code": "deadline_exceeded", "message": "a"})

    assert (type(error), error.charged) == (kind, charged)


def test_an_error_in_an_array_is_read():
    body = json.dumps([load_fixture("gemini/invalid_key").json]).encode()

    assert isinstance(get_adapter("gemini").class_error(Answer(400, {}, body), CONNECTION), KeyInvalid)


@pytest.mark.parametrize(("status", "kind"), [(500, BrokenAnswer), (502, BrokenAnswer), (503, Overloaded)])
def test_a_proxys_page_is_no_word_of_the_service(status, kind):
    assert type(get_adapter("gemini").class_error(Answer(status, {}, b"<html>"), CONNECTION)) is kind


async def test_an_error_inside_a_200_is_an_error_of_unclear_cost(upstream, connection, events):
    upstream.play_response(body={"error": {"code": 500, "status": "INTERNAL"}})

    with pytest.raises(ServiceFailed) as caught:
        await generate(connection, events)

    assert caught.value.charged == "unknown"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1, 2]", b'"a"'])
async def test_what_is_no_answer_is_broken(upstream, connection, events, body):
    upstream.play_response(body=body)

    with pytest.raises(BrokenAnswer) as caught:
        await generate(connection, events)

    assert (caught.value.charged, caught.value.reason) == ("unknown", "not_json")


@pytest.mark.parametrize(
    ("fixture", "is_valid", "reason"),
    [
        ("invalid_key", False, "invalid"),
        ("permission_denied", True, "no_permission"),
        ("prepaid_credits_depleted", True, "no_credit"),
        ("rate_limited", None, "rate_limited"),
        ("overloaded", None, "unreachable"),
        ("server_error", None, "broken_answer"),
    ],
)
async def test_a_key_check_blames_the_key_for_nothing_else(upstream, connection, fixture, is_valid, reason):
    upstream.play(f"gemini/{fixture}", path="/models")

    check = await get_adapter("gemini").check_key(connection)

    assert (check.is_valid, check.reason) == (is_valid, reason)


@pytest.mark.parametrize(
    ("model_id", "methods", "expected"),
    [
        ("gemini-nano-banana-2.1", ["generateContent"], (("image", "image_edit"), True)),
        ("gemini-3-pro-image", ["generateContent"], (("image", "image_edit"), True)),
        ("gemini-3.5-flash", ["countTokens", "generateContent"], (("chat",), True)),
        ("gemini-image-embedding", ["embedContent"], (("embedding",), False)),
        ("gemini-image-embedding", ["generateContent"], (("chat",), True)),
        ("imagen-4.0-generate-001", ["predict"], (None, False)),
        ("gemini-3-pro-image", [], (None, False)),
    ],
)
def test_what_a_model_can_do_is_guessed_from_its_name_only_where_it_answers(model_id, methods, expected):
    assert capabilities_of(model_id, methods) == expected


def test_a_listed_model_is_read_without_its_folder():
    (model, _embedding) = map(to_model, load_fixture("gemini/models_list").json["models"])

    assert model == ListedModel(
        model_id="gemini-nano-banana-2.1",
        display_name="Nano Banana 2.1",
        description="Gemini Nano Banana 2.1.",
        capabilities=("image", "image_edit"),
        is_guess=True,
        context_window=131072,
        max_output_tokens=32768,
    )


async def test_a_list_without_an_end_is_broken_off(upstream, connection):
    upstream.play("gemini/models_list", path="/models", times=20)

    with pytest.raises(BrokenAnswer) as caught:
        await get_adapter("gemini").list_models(connection)

    assert caught.value.reason == "endless_list"
    assert len(upstream.requests) == 20
