"""The official google-genai SDK judges the played Gemini service."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from google import genai
from google.genai import errors, types
from PIL import Image

from tests.upstream import Upstream, load_fixture
from tests.upstream.pictures import draw
from tests.upstream.wire import fixture_names

MODEL = "gemini-nano-banana-2.1"
ERROR_FIXTURES = [name for name in fixture_names("gemini") if load_fixture(name).status >= 400]


@contextmanager
def client_of(upstream: Upstream, key: str = "sk-test-good") -> Iterator[genai.Client]:
    with httpx.Client(trust_env=False, timeout=10) as http:
        options = types.HttpOptions(
            base_url=upstream.gemini_url.removesuffix("/v1beta"), api_version="v1beta", httpx_client=http
        )
        yield genai.Client(api_key=key, http_options=options)


@pytest.fixture
def client(upstream: Upstream) -> Iterator[genai.Client]:
    with client_of(upstream) as client:
        yield client


def draw_with(client: genai.Client, *, model: str = MODEL, contents="A red bicycle", seed=None, **image_config):
    config = types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(**image_config) if image_config else None,
        seed=seed,
    )
    return client.models.generate_content(model=model, contents=contents, config=config)


def pictures_in(answer: types.GenerateContentResponse) -> list[Image.Image]:
    parts = [part for part in answer.parts if part.inline_data and not part.thought]
    return [Image.open(io.BytesIO(part.inline_data.data)) for part in parts]


def test_the_sdk_reads_one_jpeg_of_the_asked_shape(client):
    answer = draw_with(client, aspect_ratio="16:9", image_size="2K", seed=7)

    (picture,) = pictures_in(answer)
    assert (picture.format, picture.size) == ("JPEG", (2736, 1536))
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP
    assert answer.response_id


def test_the_sdk_sees_a_draft_among_the_thoughts(client):
    thoughts = [part for part in draw_with(client).parts if part.thought]

    assert [bool(part.inline_data) for part in thoughts] == [False, True]


def test_the_older_model_does_not_think(client):
    answer = draw_with(client, model="gemini-2.5-flash-image")

    assert not any(part.thought for part in answer.parts)
    assert pictures_in(answer)[0].size == (1024, 1024)
    assert answer.usage_metadata.thoughts_token_count is None


def test_the_tokens_add_up(client):
    references = [types.Part.from_bytes(data=draw((64, 64), "png"), mime_type="image/png")] * 2
    usage = draw_with(client, contents=["Make it night", *references]).usage_metadata

    assert [each.token_count for each in usage.prompt_tokens_details] == [3, 516]
    assert usage.prompt_token_count == 519
    parts = (usage.prompt_token_count, usage.candidates_token_count, usage.thoughts_token_count)
    assert usage.total_token_count == sum(parts)


def test_the_sdk_walks_all_pages_of_models(client, upstream):
    names = [model.name for model in client.models.list()]

    assert len(names) == len(set(names)) == 7
    assert names[0] == f"models/{MODEL}"
    assert [request.query.get("pageToken") for request in upstream.requests] == [None, "3", "6"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"aspect_ratio": "7:5"}, "generation_config.image_config.aspect_ratio"),
        ({"aspect_ratio": "1:8", "model": "gemini-3-pro-image"}, "generation_config.image_config.aspect_ratio"),
        ({"image_size": "512"}, "generation_config.image_config.image_size"),
        ({"image_size": "2k"}, "generation_config.image_config.image_size"),
        ({"image_size": "4K", "model": "gemini-3.1-flash-lite-image"}, "generation_config.image_config.image_size"),
        ({"image_size": "1K", "model": "gemini-2.5-flash-image"}, None),
        ({"seed": 2**31}, "generation_config.seed"),
        ({"contents": [types.Part.from_bytes(data=b"GIF89a", mime_type="image/gif")]}, "contents[0].parts[0]."),
    ],
)
def test_what_the_service_refuses_is_refused(client, asked, field):
    with pytest.raises(errors.ClientError) as caught:
        draw_with(client, **asked)

    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    details = caught.value.details["error"].get("details")
    assert details is field is None or details[0]["fieldViolations"][0]["field"].startswith(field)


@pytest.mark.parametrize("model", ["gemini-9", "imagen-4.0-generate-001", "gemini-embedding-2"])
def test_a_model_that_does_not_draw_is_not_found(client, model):
    with pytest.raises(errors.ClientError, match=model) as caught:
        draw_with(client, model=model)

    assert caught.value.code == 404


def test_too_many_references_are_refused(client):
    references = [types.Part.from_bytes(data=draw((8, 8), "png"), mime_type="image/png")] * 4

    with pytest.raises(errors.ClientError):
        draw_with(client, model="gemini-2.5-flash-image", contents=["Mix them", *references])


def test_a_bad_key_is_a_bad_request(upstream):
    with client_of(upstream, "sk-test-bad") as client, pytest.raises(errors.ClientError) as caught:
        list(client.models.list())

    assert caught.value.code == 400
    assert caught.value.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
def test_the_sdk_raises_on_every_error(upstream, client, fixture):
    upstream.play(fixture)

    with pytest.raises(errors.APIError) as caught:
        draw_with(client)

    status = load_fixture(fixture).status
    assert type(caught.value) is (errors.ServerError if status >= 500 else errors.ClientError)
    assert (caught.value.code, caught.value.status) == (status, load_fixture(fixture).error["status"])
