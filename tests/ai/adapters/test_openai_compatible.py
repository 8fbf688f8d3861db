"""The shapes that look-alike servers answer with."""

from dataclasses import replace

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageEditRequest, ImageLink, ImageRequest, ProviderConnection
from src.ai.providers.errors import KeyInvalid, NoImageReturned, Overloaded, ProviderError, Rejected
from src.ai.specs import TokenUsage
from src.core.secret import Secret
from tests.ai.adapters.references import PNG_MASK, REFERENCES
from tests.upstream import load_fixture

REQUEST = ImageRequest(model_id="m", prompt="a")


@pytest.fixture
def connection(upstream) -> ProviderConnection:
    return ProviderConnection(base_url=upstream.compatible_url, allow_private=True, timeout_s=5)


@pytest.mark.parametrize(
    "fixture",
    ["localai_success_b64", "sdcpp_success", "vllm_omni_success"],
)
async def test_successes_are_read(upstream, connection, events, fixture):
    upstream.play(f"openai_compatible/{fixture}")

    result = await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert all(image.content for image in result.images)


@pytest.mark.parametrize(
    ("fixture", "kind", "words"),
    [
        ("vllm_omni_bad_size", Rejected, "size"),
        ("vllm_omni_validation", Rejected, "body.prompt: field required"),
        ("vllm_omni_engine_down", Overloaded, ""),
        ("litellm_proxy_error", KeyInvalid, ""),
    ],
)
async def test_errors_of_any_shape_are_classed(upstream, connection, events, fixture, kind, words):
    upstream.play(f"openai_compatible/{fixture}")

    with pytest.raises(ProviderError) as caught:
        await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert isinstance(caught.value, kind)
    assert words in caught.value.facts.get("provider_message", "")


PICTURE = load_fixture("openai_compatible/localai_success_b64").json["data"][0]
ONE_OUT = {"output_tokens": 1}


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"output_tokens": 4160, "output_tokens_details": {}}, TokenUsage(image_out=4160)),
        (
            {"output_tokens": 4160, "output_tokens_details": {"text_tokens": 60}},
            TokenUsage(image_out=4100, text_out=60),
        ),
        ({"output_tokens": 4160, "output_tokens_details": {"image_tokens": 4000}}, TokenUsage(image_out=4160)),
        ({"output_tokens": 4160, "output_tokens_details": "x"}, TokenUsage(image_out=4160)),
        ({**ONE_OUT, "input_tokens": 50, "input_tokens_details": {}}, TokenUsage(text_in=50, image_out=1)),
        (
            {**ONE_OUT, "input_tokens": 50, "input_tokens_details": {"image_tokens": 40}},
            TokenUsage(text_in=10, image_in=40, image_out=1),
        ),
        ({**ONE_OUT, "input_tokens_details": {"image_tokens": 40}}, TokenUsage(image_in=40, image_out=1)),
        # Of the picture itself nothing is counted: the price of a picture counts, not that of the prompt.
        ({"input_tokens": 50, "output_tokens": 0}, None),
        ({"output_tokens": 10, "output_tokens_details": {"image_tokens": 40}}, TokenUsage(image_out=40)),
        ({"output_tokens": 0, "input_tokens": 0, "input_tokens_details": {"text_tokens": 0}}, None),
        ({"output_tokens": True, "input_tokens": -5, "input_tokens_details": {"text_tokens": "9"}}, None),
        ({}, None),
        ([], None),
    ],
)
async def test_no_token_is_lost_where_the_details_are_not_complete(upstream, connection, events, usage, tokens):
    upstream.play_response(body={"data": [PICTURE], "usage": usage})

    result = await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert result.calls[0].usage == tokens


@pytest.mark.parametrize("usage", [{"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, {}, None])
async def test_nothing_that_counts_nothing_is_of_unclear_cost(upstream, connection, events, usage):
    upstream.play_response(body={"data": [], "usage": usage})

    with pytest.raises(NoImageReturned) as caught:
        await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert caught.value.charged == "unknown"


async def test_only_what_was_asked_is_sent(upstream, connection, events):
    await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert upstream.paid_requests[0].json == {"model": "m", "prompt": "a", "n": 1}
    assert "authorization" not in upstream.paid_requests[0].headers


async def test_a_field_that_the_server_names_is_named(upstream, connection, events):
    upstream.play("openai_compatible/vllm_omni_validation")

    with pytest.raises(Rejected) as caught:
        await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert caught.value.facts["field"] == "prompt"


@pytest.mark.parametrize("count", [1, 3])
async def test_it_edits(upstream, connection, events, count):
    request = ImageEditRequest(
        model_id="m", prompt="a", seed=5, negative_prompt="b", references=REFERENCES[:count], mask=PNG_MASK
    )

    result = await get_adapter("openai_compatible").edit(connection, request, on_event=events)

    name = "image" if count == 1 else "image[]"
    form = upstream.paid_requests[0].form
    assert [part.name for part in form if part.filename] == [name] * count + ["mask"]
    assert {part.name: part.body for part in form if not part.filename} == {
        "model": b"m",
        "prompt": b"a",
        "n": b"1",
        "seed": b"5",
        "negative_prompt": b"b",
    }
    assert all(image.content for image in result.images)


@pytest.mark.parametrize("answers_with", ["b64_json", "url"])
async def test_the_response_format_of_the_row_holds_for_edits_too(upstream, connection, events, answers_with):
    asking = replace(connection, config={"response_format": answers_with})
    request = ImageEditRequest(model_id="m", prompt="a", references=REFERENCES[:1])

    result = await get_adapter("openai_compatible").edit(asking, request, on_event=events)

    assert result.images[0].content
    assert len(upstream.requests) == {"b64_json": 1, "url": 2}[answers_with]


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        ("https://images.example/v1/files/1.png", True),
        ("https://IMAGES.example:443/files/1.png", True),
        ("https://images.example:8443/files/1.png", False),
        ("http://images.example/files/1.png", False),
        ("https://images.example.evil.example/1.png", False),
        ("https://cdn.example/1.png", False),
    ],
)
def test_the_key_goes_along_to_its_own_origin_only(url, is_sent):
    connection = ProviderConnection(base_url="https://images.example/v1", key=Secret("sk-test-good"))

    headers = get_adapter("openai_compatible").link_headers(connection, ImageLink(url=url))

    assert ("Authorization" in headers) is is_sent


def test_openai_never_sends_response_format_for_gpt_image():
    connection = ProviderConnection(base_url="https://images.example/v1", config={"response_format": "b64_json"})

    assert "response_format" not in get_adapter("openai").to_payload(REQUEST, connection)
