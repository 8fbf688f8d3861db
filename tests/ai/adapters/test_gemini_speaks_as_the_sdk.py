"""The official google-genai SDK is the judge: the same requests leave both, and both understand the same answers."""

from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors, types

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageEditRequest, ImageRequest, ReferenceImage
from src.ai.providers.errors import (
    ContentRefused,
    KeyInvalid,
    NoImageReturned,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from tests.ai.adapters.services import GOOD_KEY, connection_of
from tests.upstream import load_fixture, wire
from tests.upstream.pictures import draw

MODEL = "gemini-nano-banana-2.1"
HEADERS_THAT_MATTER = ("x-goog-api-key", "content-type", "authorization")
REQUESTS: list[dict[str, Any]] = [
    {},
    {"prompt": "گربه‌ای در برف", "aspect_ratio": "16:9", "resolution": "2K", "seed": 7},
    {"aspect_ratio": "1:8"},
    {"resolution": "1K", "model_id": "gemini-3-pro-image"},
    {"seed": 0, "model_id": "gemini-2.5-flash-image"},
]
REFERENCES = (
    ReferenceImage(content=draw((48, 64), "png"), mime_type="image/png", width=48, height=64),
    ReferenceImage(content=draw((64, 48), "jpeg", 3), mime_type="image/jpeg", width=64, height=48),
)
# What is no answer of generateContent: lists, and two methods that are not called.
OTHER_ANSWERS = ("models_list", "imagen_predict_success_legacy", "interactions_image_success")
ERRORS = {
    "invalid_key": (KeyInvalid, ""),
    "permission_denied": (Rejected, "no_permission"),
    "model_not_found_imagen": (Rejected, "model_gone"),
    "prepaid_credits_depleted": (QuotaExhausted, ""),
    "quota_exhausted_daily": (QuotaExhausted, ""),
    "rate_limited": (RateLimited, ""),
    "capacity_exhausted": (Overloaded, ""),
    "overloaded": (Overloaded, ""),
    "server_error": (ServiceFailed, ""),
}
FIXTURES = [name.removeprefix("gemini/") for name in wire.fixture_names("gemini")]
ERROR_FIXTURES = [name for name in FIXTURES if load_fixture(f"gemini/{name}").status >= 400]
ANSWERS = [name for name in FIXTURES if name not in (*ERROR_FIXTURES, *OTHER_ANSWERS)]


@pytest.fixture
def sdk(upstream):
    base_url = upstream.gemini_url.removesuffix("/v1beta")
    with httpx.Client(trust_env=False, timeout=10) as http:
        options = types.HttpOptions(base_url=base_url, api_version="v1beta", httpx_client=http)
        yield genai.Client(api_key=GOOD_KEY, http_options=options)


@pytest.fixture
def connection(upstream):
    return connection_of("gemini", upstream)


async def generate(connection, events, **asked):
    request = ImageRequest(**{"model_id": MODEL, "prompt": "A red bicycle", **asked})
    return await get_adapter("gemini").generate(connection, request, on_event=events)


def generate_with(sdk, *, references=(), model_id=MODEL, prompt="A red bicycle", seed=None, **image):
    names = {"aspect_ratio": "aspect_ratio", "resolution": "image_size"}
    image_config = types.ImageConfig(**{names[name]: value for name, value in image.items()}) if image else None
    config = types.GenerateContentConfig(response_modalities=["TEXT", "IMAGE"], image_config=image_config, seed=seed)
    pictures = [types.Part.from_bytes(data=each.content, mime_type=each.mime_type) for each in references]
    return sdk.models.generate_content(model=model_id, contents=[prompt, *pictures], config=config)


def as_sent(request):
    """All that reaches the service, which takes names in both spellings and base64 in both alphabets."""
    headers = {name: request.headers.get(name) for name in HEADERS_THAT_MATTER}
    return request.method, request.path, dict(request.query), headers, spelled_alike(request.json)


def spelled_alike(value):
    if isinstance(value, list):
        return [spelled_alike(each) for each in value]
    if isinstance(value, dict):
        return {name.replace("mime_type", "mimeType"): spelled_alike(each) for name, each in value.items()}
    return value.replace("-", "+").replace("_", "/") if isinstance(value, str) else value


def pictures_in(answer: types.GenerateContentResponse) -> list[bytes]:
    return [part.inline_data.data for part in answer.parts or () if part.inline_data and not part.thought]


@pytest.mark.parametrize("asked", REQUESTS)
async def test_the_same_request_leaves_both(upstream, sdk, connection, events, asked):
    generate_with(sdk, **asked)
    await generate(connection, events, **asked)

    theirs, own = upstream.requests
    assert as_sent(own) == as_sent(theirs)
    assert own.headers["x-goog-api-key"] == GOOD_KEY


async def test_the_same_edit_leaves_both(upstream, sdk, connection, events):
    request = ImageEditRequest(model_id=MODEL, prompt="Make it night", aspect_ratio="4:5", references=REFERENCES)

    generate_with(sdk, prompt="Make it night", aspect_ratio="4:5", references=REFERENCES)
    await get_adapter("gemini").edit(connection, request, on_event=events)

    theirs, own = upstream.paid_requests
    assert as_sent(own) == as_sent(theirs)


@pytest.mark.parametrize("fixture", ["generate_image_success", "edit_image_success"])
async def test_both_read_the_same_pictures_and_tokens(upstream, sdk, connection, events, fixture):
    upstream.play(f"gemini/{fixture}", times=2)

    theirs = generate_with(sdk)
    own = await generate(connection, events)

    assert [image.content for image in own.images] == pictures_in(theirs)
    usage, counted = own.calls[0].usage, theirs.usage_metadata
    assert usage.text_in + usage.image_in == counted.prompt_token_count
    thoughts = counted.thoughts_token_count or 0
    assert usage.text_out + usage.image_out == counted.candidates_token_count + thoughts
    assert own.calls[0].upstream_request_id == theirs.response_id


async def test_both_pass_over_the_drafts(upstream, sdk, connection, events):
    theirs = generate_with(sdk)
    own = await generate(connection, events)

    assert [image.content for image in own.images] == pictures_in(theirs)
    assert len(own.images) == 1


@pytest.mark.parametrize("fixture", ANSWERS)
async def test_both_see_pictures_or_both_see_none(upstream, sdk, connection, events, fixture):
    upstream.play(f"gemini/{fixture}", times=2)

    theirs = generate_with(sdk)
    try:
        own = await generate(connection, events)
    except (ContentRefused, NoImageReturned):
        assert not pictures_in(theirs)
    else:
        assert [image.content for image in own.images] == pictures_in(theirs)


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
async def test_both_raise_on_every_error(upstream, sdk, connection, events, fixture):
    upstream.play(f"gemini/{fixture}", times=2)

    with pytest.raises(errors.APIError) as theirs:
        generate_with(sdk)
    with pytest.raises(ProviderError) as own:
        await generate(connection, events)

    kind, reason = ERRORS[fixture]
    assert (type(own.value), own.value.charged) == (kind, "no")
    assert not reason or own.value.reason == reason
    assert isinstance(theirs.value, errors.ServerError) == (load_fixture(f"gemini/{fixture}").status >= 500)
    assert own.value.facts.get("provider_message", theirs.value.message) == theirs.value.message


@pytest.mark.parametrize("fixture", OTHER_ANSWERS)
async def test_neither_sees_a_picture_in_another_methods_answer(upstream, sdk, connection, events, fixture):
    upstream.play(f"gemini/{fixture}", times=2)

    assert not pictures_in(generate_with(sdk))
    with pytest.raises(NoImageReturned):
        await generate(connection, events)


async def test_both_list_the_same_models_page_by_page(upstream, sdk, connection):
    theirs = list(sdk.models.list(config={"page_size": 1000}))
    own = await get_adapter("gemini").list_models(connection)

    assert [(f"models/{model.model_id}", model.display_name) for model in own] == [
        (model.name, model.display_name or "") for model in theirs
    ]
    assert [model.context_window for model in own] == [model.input_token_limit for model in theirs]
    assert [model.max_output_tokens for model in own] == [model.output_token_limit for model in theirs]
    queries = [dict(request.query) for request in upstream.requests]
    assert queries[3:] == queries[:3] and len(queries) == 6


async def test_the_same_key_check_leaves_both(upstream, sdk, connection):
    sdk.models.list(config={"page_size": 1})
    await get_adapter("gemini").check_key(connection)

    theirs, own = upstream.requests
    assert (own.path, dict(own.query)) == (theirs.path, dict(theirs.query))
    assert own.headers["x-goog-api-key"] == theirs.headers["x-goog-api-key"]
