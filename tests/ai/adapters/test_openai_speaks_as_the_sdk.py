"""The official SDK is the judge: the same request leaves both, and both understand the same answers."""

import base64
from typing import Any

import openai
import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageEditRequest, ImageRequest, Preview
from src.ai.providers.errors import (
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
from tests.ai.adapters.references import PNG_MASK, REFERENCES
from tests.upstream import Upstream, wire

GPT = "gpt-image-2.5-flare"
REQUESTS: list[dict[str, Any]] = [
    {"model": GPT, "prompt": "A red bicycle", "n": 1},
    {"model": GPT, "prompt": "گربه‌ای در برف", "n": 2, "size": "1536x1024", "quality": "high"},
    {"model": GPT, "prompt": "a", "n": 1, "background": "transparent", "output_format": "webp"},
    {"model": "dall-e-3", "prompt": "a", "n": 1, "size": "1024x1024", "quality": "hd", "style": "vivid"},
]
EDITS: list[dict[str, Any]] = [
    {"model": GPT, "prompt": "Red sky", "n": 1, "references": REFERENCES[:1]},
    {"model": GPT, "prompt": "آسمان سرخ", "n": 2, "references": REFERENCES, "size": "1024x1536", "quality": "high"},
    {"model": GPT, "prompt": "a", "n": 1, "references": REFERENCES[:1], "mask": PNG_MASK},
    {"model": GPT, "prompt": "a", "n": 1, "references": REFERENCES, "mask": PNG_MASK, "partial_images": 2},
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
    "openai/images_edit_success",
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


def ours_to_edit(body: dict[str, Any]) -> ImageEditRequest:
    fields = {name: value for name, value in body.items() if name != "model"}
    return ImageEditRequest(model_id=body["model"], **fields)


def theirs_to_edit(body: dict[str, Any]) -> dict[str, Any]:
    """The SDK's arguments; the names of files are ours to choose."""
    files = [
        (f"image_{number}.{picture.mime_type.removeprefix('image/')}", picture.content, picture.mime_type)
        for number, picture in enumerate(body["references"], start=1)
    ]
    arguments = {name: value for name, value in body.items() if name not in ("references", "mask")}
    arguments["image"] = files[0] if len(files) == 1 else files
    if "mask" in body:
        arguments["mask"] = ("mask.png", body["mask"].content, "image/png")
    return arguments | ({"stream": True} if "partial_images" in body else {})


def parts_of(request) -> list[tuple[Any, ...]]:
    """A form's parts, the texts in any order, the files in theirs."""
    parts = [(part.name, part.filename, part.content_type, part.body) for part in request.form]
    texts = sorted(part for part in parts if part[1] is None)
    return texts + [part for part in parts if part[1] is not None]


@pytest.mark.parametrize("body", EDITS, ids=["one", "several", "masked", "streamed"])
async def test_the_same_edit_leaves_both(upstream, sdk, openai_connection, events, body):
    answered = sdk.images.edit(**theirs_to_edit(body))
    if "partial_images" in body:
        list(answered)
    await get_adapter("openai").edit(openai_connection, ours_to_edit(body), on_event=events)

    theirs, own = upstream.requests
    assert (own.method, own.path, parts_of(own)) == (theirs.method, theirs.path, parts_of(theirs))
    for name in ("authorization", "accept"):
        assert own.headers[name] == theirs.headers[name], name
    assert own.headers["content-type"].startswith("multipart/form-data; boundary=")


async def test_the_same_streamed_request_leaves_both(upstream, sdk, openai_connection, events):
    list(sdk.images.generate(model=GPT, prompt="a", n=1, stream=True, partial_images=2))
    request = ImageRequest(model_id=GPT, prompt="a", partial_images=2)
    await get_adapter("openai").generate(openai_connection, request, on_event=events)

    theirs, own = upstream.requests
    assert own.json == theirs.json
    assert own.headers["accept"] == theirs.headers["accept"]


async def test_both_see_the_same_previews(sdk, openai_connection, events):
    theirs = list(sdk.images.generate(model=GPT, prompt="a", stream=True, partial_images=3))
    request = ImageRequest(model_id=GPT, prompt="a", partial_images=3)
    own = await get_adapter("openai").generate(openai_connection, request, on_event=events)

    previews = [event for event in events if isinstance(event, Preview)]
    assert [(each.preview_index, each.content) for each in previews] == [
        (event.partial_image_index, base64.b64decode(event.b64_json)) for event in theirs[:-1]
    ]
    assert len(previews) == 3
    assert own.images[0].content == base64.b64decode(theirs[-1].b64_json)
    assert own.calls[0].usage.image_out == theirs[-1].usage.output_tokens


async def test_both_read_the_recorded_stream(upstream, sdk, openai_connection, events):
    upstream.play("openai/images_generate_stream_success", times=2)

    theirs = list(sdk.images.generate(model=GPT, prompt="a", stream=True, partial_images=2))
    request = ImageRequest(model_id=GPT, prompt="a", partial_images=2)
    own = await get_adapter("openai").generate(openai_connection, request, on_event=events)

    assert_same_stream(own, events, theirs)


async def test_both_read_the_recorded_stream_of_an_edit(upstream, sdk, openai_connection, events):
    upstream.play("openai/images_edit_stream_success", times=2)

    theirs = list(sdk.images.edit(**theirs_to_edit(EDITS[-1])))
    own = await get_adapter("openai").edit(openai_connection, ours_to_edit(EDITS[-1]), on_event=events)

    assert_same_stream(own, events, theirs)


def assert_same_stream(own, events, theirs) -> None:
    previews = [event.content for event in events if isinstance(event, Preview)]
    pictures = [base64.b64decode(event.b64_json) for event in theirs]
    assert [*previews, own.images[0].content] == pictures
    assert own.calls[0].usage.text_in == theirs[-1].usage.input_tokens_details.text_tokens
    assert own.calls[0].usage.image_in == theirs[-1].usage.input_tokens_details.image_tokens
    assert own.calls[0].usage.image_out == theirs[-1].usage.output_tokens


@pytest.mark.parametrize("partial_images", [None, 1])
async def test_both_raise_on_an_error_midway(upstream, sdk, openai_connection, events, partial_images):
    upstream.play("openai/images_generate_stream_error_midway", times=2)

    with pytest.raises(openai.APIError, match="safety_violations"):
        list(sdk.images.generate(model=GPT, prompt="a", stream=True, partial_images=1))
    request = ImageRequest(model_id=GPT, prompt="a", partial_images=partial_images)
    with pytest.raises(ContentRefused) as caught:
        await get_adapter("openai").generate(openai_connection, request, on_event=events)

    assert (caught.value.facts["categories"], caught.value.charged) == (["violence"], "unknown")


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
    assert [model.shutdown_date and model.shutdown_date.isoformat() for model in own] == [
        model.shutdown_date for model in theirs.data
    ]
