"""The played OpenRouter service, held against its fixtures."""

import base64
import io

import aiohttp
import pytest
from PIL import Image

from src.ai.providers.sse import read_events
from tests.upstream import load_fixture
from tests.upstream.openrouter_models import MODELS

GOOD_KEY = {"Authorization": "Bearer sk-test-good"}
ASKED = {"model": "openai/gpt-image-2.5-flare", "prompt": "A red bicycle"}


@pytest.fixture
async def http(upstream):
    async with aiohttp.ClientSession(f"{upstream.openrouter_url}/", headers=GOOD_KEY) as session:
        yield session


async def get(http, path, **options):
    async with http.get(path, **options) as response:
        return response.status, await response.json()


async def post(http, **asked):
    async with http.post("images", json=ASKED | asked) as response:
        return response.status, await response.json()


def keys_of(value):
    """The nested key names of a JSON value; a list counts as its first row."""
    if isinstance(value, dict):
        return {key: keys_of(part) for key, part in value.items()}
    return keys_of(value[0]) if isinstance(value, list) and value else None


async def test_a_picture_has_the_shape_of_the_fixture(http):
    status, body = await post(http, n=2, output_format="webp")
    expected = keys_of(load_fixture("openrouter/images_edit_success").json)
    assert (status, keys_of(body)) == (200, expected)
    assert [picture["media_type"] for picture in body["data"]] == ["image/webp"] * 2
    assert Image.open(io.BytesIO(base64.b64decode(body["data"][0]["b64_json"]))).format == "WEBP"


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (1024, 1024)),
        ({"size": "768x512"}, (768, 512)),
        ({"size": "2K"}, (2048, 2048)),
        ({"resolution": "1K", "aspect_ratio": "16:9"}, (1360, 768)),
    ],
)
async def test_the_picture_has_the_size_asked_for(http, asked, size):
    _, body = await post(http, **asked)
    assert Image.open(io.BytesIO(base64.b64decode(body["data"][0]["b64_json"]))).size == size


@pytest.mark.parametrize(
    ("asked", "cost"),
    [
        ({"model": "bytedance-seed/seedream-4.5", "n": 2}, 0.10),
        ({"model": "bytedance-seed/seedream-5-0-pro", "resolution": "2K"}, 0.09),
        ({"model": "black-forest-labs/flux.2-pro", "n": 2}, 0.06),
        ({"model": "recraft/recraft-v4.1"}, 0.035),
        ({"quality": "high"}, 0.052695),
        ({"model": "google/gemini-nano-banana-2.1"}, 0.0387045),
    ],
)
async def test_the_cost_follows_from_the_listed_prices(http, asked, cost):
    _, body = await post(http, **asked)
    assert body["usage"]["cost"] == pytest.approx(cost)


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": ""},
        {"n": 11},
        {"model": "google/gemini-nano-banana-2.1", "n": 2},
        {"quality": "hd"},
        {"size": "1024x1024", "aspect_ratio": "1:1"},
        {"aspect_ratio": "wide"},
        {"model": "recraft/recraft-v4.1", "input_references": [{}]},
        {"input_references": [{}]},
        {"input_references": [{"type": "image_url", "image_url": {"url": "ftp://example/a.png"}}]},
        {"output_compression": 101},
        {"seed": "five"},
    ],
)
async def test_what_a_model_does_not_accept_is_a_bad_request(http, asked):
    status, body = await post(http, **asked)
    assert (status, body["error"]["code"]) == (400, 400)


async def test_an_unknown_model_has_no_endpoints(http):
    for status, body in (await post(http, model="a/b"), await get(http, "images/models/a/b/endpoints")):
        assert status == 404
        assert body["error"]["availability"]["requested_models"] == ["a/b"]


async def test_the_image_models_have_the_shape_of_the_fixture(http):
    status, body = await get(http, "images/models")
    fixture_row = load_fixture("openrouter/images_models_list").json["data"][0]
    assert status == 200
    assert all(row.keys() == fixture_row.keys() for row in body["data"])
    assert fixture_row["supported_parameters"] == body["data"][0]["supported_parameters"]


@pytest.mark.parametrize("model_id", [model.id for model in MODELS])
async def test_every_listed_model_tells_its_prices(http, model_id):
    status, body = await get(http, f"images/models/{model_id}/endpoints")
    fixture = load_fixture("openrouter/images_model_endpoints").json
    assert (status, body["id"]) == (200, model_id)
    assert body["endpoints"][0].keys() == fixture["endpoints"][0].keys()
    assert body["endpoints"][0]["pricing"][0].keys() >= fixture["endpoints"][0]["pricing"][0].keys()


async def test_the_general_list_has_image_models_only_when_asked(http):
    _, text = await get(http, "models")
    _, image = await get(http, "models", params={"output_modalities": "image"})
    assert text["data"] == []
    assert [row["id"] for row in image["data"]] == [model.id for model in MODELS]
    assert image["data"][0].keys() == load_fixture("openrouter/models_list").json["data"][0].keys()


async def test_the_general_list_comes_in_pages(http, upstream):
    _, first = await get(http, "models", params={"output_modalities": "image", "limit": "4"})
    _, second = await get(http, f"{upstream.url}/openrouter{first['links']['next']}")
    assert [row["id"] for row in first["data"] + second["data"]] == [model.id for model in MODELS]
    assert second["links"]["next"] is None


async def test_the_key_call_tells_what_is_left(http):
    assert await get(http, "key") == (200, load_fixture("openrouter/key_info").json)


async def test_a_wrong_key_is_refused_where_a_key_is_needed(http):
    wrong = {"Authorization": "Bearer sk-wrong"}
    async with http.post("images", json=ASKED, headers=wrong) as response:
        assert (response.status, await response.json()) == (401, load_fixture("openrouter/invalid_key").json)
    assert (await get(http, "key", headers=wrong))[0] == 401
    assert (await get(http, "images/models", headers=wrong))[0] == 200


async def test_only_a_streaming_model_streams(http):
    async with http.post("images", json=ASKED | {"stream": True}) as response:
        assert response.content_type == "text/event-stream"
        text = await response.text()
    assert text.endswith("data: [DONE]\n\n")
    recorded = load_fixture("openrouter/images_stream_success").body
    assert [event["type"] for event in read_events(text.encode())] == [
        "image_generation.partial_image",
        *(event["type"] for event in read_events(recorded)),
    ]
    status, body = await post(http, model="recraft/recraft-v4.1", stream=True, output_format="svg")
    assert (status, body["data"][0]["media_type"]) == (200, "image/svg+xml")


async def test_the_openai_path_does_not_exist(http):
    async with http.post("images/generations", json=ASKED) as response:
        assert response.status == 404
