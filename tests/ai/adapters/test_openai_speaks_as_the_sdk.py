"""The official SDK is the judge: the same request leaves both, and both understand the same answers."""

import base64
from typing import Any

import openai
import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageRequest
from src.ai.providers.errors import (
    BrokenAnswer,
    ContentRefused,
    KeyInvalid,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from tests.ai.adapters.conftest import GOOD_KEY
from tests.upstream import Upstream, wire

GPT = "gpt-image-2.5-flare"
REQUESTS: list[dict[str, Any]] = [
    {"model": GPT, "prompt": "A red bicycle", "n": 1},
    {"model": GPT, "prompt": "گربه‌ای در برف", "n": 2, "size": "1536x1024", "quality": "high"},
    {"model": GPT, "prompt": "a", "n": 1, "background": "transparent", "output_format": "webp"},
    {"model": "dall-e-3", "prompt": "a", "n": 1, "size": "1024x1024", "quality": "hd", "style": "vivid"},
]
# What identifies a request to the service; the SDK's own x-stainless-* headers do not.
HEADERS_THAT_MATTER = ("authorization", "content-type", "accept")

CLASS_BY_SDK_EXCEPTION: dict[type[openai.APIStatusError], tuple[type[ProviderError], ...]] = {
    openai.AuthenticationError: (KeyInvalid, Rejected),
    openai.PermissionDeniedError: (Rejected,),
    openai.BadRequestError: (Rejected, ContentRefused),
    openai.NotFoundError: (Rejected,),
    openai.RateLimitError: (RateLimited, QuotaExhausted),
    openai.InternalServerError: (ServiceFailed, Overloaded),
}
ERROR_FIXTURES = [name for name in wire.fixture_names("openai") if wire.load_fixture(name).status >= 400]
SUCCESS_FIXTURES = [
    "openai/images_generate_success",
    "openai/images_generate_success_n2_webp",
    "openai/images_generate_documented_example",
]


@pytest.fixture
def sdk(upstream: Upstream):
    with openai.OpenAI(base_url=upstream.openai_url, api_key=GOOD_KEY, max_retries=0) as client:
        yield client


def ours(body: dict[str, Any]) -> ImageRequest:
    fields = {name: value for name, value in body.items() if name != "model"}
    return ImageRequest(model_id=body["model"], **fields)


@pytest.mark.parametrize("body", REQUESTS, ids=lambda body: f"{body['model']}-{len(body)}")
async def test_the_same_request_leaves_both(upstream, sdk, openai_connection, events, body):
    extra = {"response_format": "b64_json"} if body["model"].startswith("dall-e") else {}
    sdk.images.generate(**body, **extra)
    await get_adapter("openai").generate(openai_connection, ours(body), on_event=events)

    theirs, own = upstream.requests
    assert (own.method, own.path, own.json) == (theirs.method, theirs.path, theirs.json)
    for name in HEADERS_THAT_MATTER:
        assert own.headers[name] == theirs.headers[name], name


@pytest.mark.parametrize("fixture", SUCCESS_FIXTURES)
async def test_both_read_the_same_pictures(upstream, sdk, openai_connection, events, fixture):
    upstream.play(fixture)
    upstream.play(fixture)

    theirs = sdk.images.generate(model=GPT, prompt="a")
    own = await get_adapter("openai").generate(
        openai_connection, ImageRequest(model_id=GPT, prompt="a"), on_event=events
    )

    assert [image.content for image in own.images] == [base64.b64decode(item.b64_json) for item in theirs.data]
    if theirs.usage:
        assert own.calls[0].usage.text_in == theirs.usage.input_tokens_details.text_tokens
        assert own.calls[0].usage.image_out + own.calls[0].usage.text_out == theirs.usage.output_tokens


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
async def test_both_tell_errors_apart_alike(upstream, sdk, openai_connection, events, fixture):
    upstream.play(fixture)
    upstream.play(fixture)

    with pytest.raises(openai.APIStatusError) as theirs:
        sdk.images.generate(model=GPT, prompt="a")
    with pytest.raises(ProviderError) as own:
        await get_adapter("openai").generate(openai_connection, ImageRequest(model_id=GPT, prompt="a"), on_event=events)

    assert isinstance(own.value, CLASS_BY_SDK_EXCEPTION[type(theirs.value)])
    assert own.value.charged == "no"


async def test_both_list_the_same_models(upstream, sdk, openai_connection):
    theirs = sdk.models.list()
    own = await get_adapter("openai").list_models(openai_connection)

    assert [model.model_id for model in own] == [model.id for model in theirs.data]


async def test_an_error_midway_is_no_success(upstream, openai_connection, events):
    upstream.play("openai/images_generate_stream_error_midway")

    with pytest.raises(BrokenAnswer):
        await get_adapter("openai").generate(openai_connection, ImageRequest(model_id=GPT, prompt="a"), on_event=events)
