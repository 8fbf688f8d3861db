"""Services that hand the key back: it goes no further than the adapter."""

import itertools
import json
from dataclasses import replace

import pytest

from src.ai.providers import adapters, get_adapter
from src.ai.providers.contract import ImageRequest, ProviderConnection, Received
from src.ai.providers.errors import ProviderError
from src.core.secret import Secret
from tests.ai.adapters.services import connection_of, request_of
from tests.upstream import load_fixture

KEY = "plainkey-without-a-known-shape-0123456789"
REQUEST = ImageRequest(model_id="m", prompt="a")
COUNTER = itertools.count()
CALLERS = sorted(slug for slug in adapters() if slug != "sandbox")
MAKERS = [slug for slug in CALLERS if adapters()[slug].makes_images]
SUCCESSES = {
    "openai": "openai/images_generate_success",
    "openai_compatible": "openai_compatible/localai_success_b64",
    "gemini": "gemini/generate_image_success",
    "openrouter": "openrouter/images_success",
    "huggingface": "huggingface/fal_t2i_success",
}


@pytest.fixture
def connection(upstream) -> ProviderConnection:
    return ProviderConnection(base_url=upstream.compatible_url, key=Secret(KEY), allow_private=True, timeout_s=5)


def connect(slug, upstream) -> ProviderConnection:
    """With a key of its own each time: an adapter may keep its verdict on one for a while."""
    key = f"{KEY}-{next(COUNTER)}"
    upstream.good_keys.add(key)
    return replace(connection_of(slug, upstream), key=Secret(key))


async def generate(connection, events):
    return await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)


async def test_in_the_request_id(upstream, connection, events):
    upstream.play_response(status=200, headers={"x-request-id": f"req-{KEY}"}, body={"data": [{"b64_json": "AAAA"}]})

    result = await generate(connection, events)

    [received] = [event for event in events if isinstance(event, Received)]
    assert (result.calls[0].upstream_request_id, received.upstream_request_id) == ("req-[key]", "req-[key]")


async def test_in_the_revised_prompt(upstream, connection, events):
    upstream.play_response(status=200, body={"data": [{"b64_json": "AAAA", "revised_prompt": f"a {KEY} b"}]})

    assert (await generate(connection, events)).images[0].revised_prompt == "a [key] b"


@pytest.mark.parametrize("quoted", [KEY, KEY[:20], KEY[:8]])
async def test_whole_or_cut_in_a_message(upstream, connection, events, quoted):
    upstream.play_response(status=400, body={"error": {"message": f"bad key {quoted}..."}})

    with pytest.raises(ProviderError) as caught:
        await generate(connection, events)

    assert caught.value.facts["provider_message"] == "bad key [key]..."


@pytest.mark.parametrize("sent", ["a b", "x" * 201, "<script>"])
async def test_a_request_id_that_is_none_is_left_out(upstream, connection, events, sent):
    upstream.play_response(status=200, headers={"x-request-id": sent}, body={"data": [{"b64_json": "AAAA"}]})

    assert (await generate(connection, events)).calls[0].upstream_request_id == ""


def echoes_of(key: str) -> list[object]:
    """The key in each place of an error that some service fills."""
    said = f"bad key {key}"
    details = [{"reason": said, "fieldViolations": [{"field": key, "description": said}]}]
    return [
        {"error": {"message": said, "code": key, "type": key, "param": key, "status": key, "details": details}},
        {"error": {"message": said, "metadata": {"reasons": [key], "error_type": key, "provider_code": key}}},
        {"type": "error", "error": {"type": key, "message": said, "details": {"error_code": key}}, "request_id": key},
        {"error": said},
        {"error": [said, said]},
        {"detail": said},
        {"detail": [{"loc": ["body", key], "msg": said}]},
        {"message": said},
        {"promptFeedback": {"blockReason": key, "blockReasonMessage": said}},
        {"candidates": [{"finishReason": key, "finishMessage": said}]},
    ]


@pytest.mark.parametrize("slug", CALLERS)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 429, 500])
async def test_in_no_error_of_any_service(slug, status, upstream, events):
    connection = connect(slug, upstream)
    adapter = get_adapter(slug)
    for body in echoes_of(connection.key.reveal()):
        if adapter.makes_images:
            upstream.play_response(status=status, body=body)
            call = adapter.generate(connection, request_of(slug), on_event=events)
        else:
            upstream.play_response(status=status, body=body, path="/models")
            call = adapter.list_models(connection)
        with pytest.raises(ProviderError) as caught:
            await call
        assert KEY not in json.dumps([caught.value.facts, str(caught.value), caught.value.reason])


@pytest.mark.parametrize("slug", MAKERS)
async def test_in_no_success_of_any_service(slug, upstream, events):
    connection = connect(slug, upstream)
    headers = {"content-type": "application/json", "x-request-id": f"req-{connection.key.reveal()}"}
    upstream.play_response(headers=headers, body=load_fixture(SUCCESSES[slug]).json)

    result = await get_adapter(slug).generate(connection, request_of(slug), on_event=events)

    assert KEY not in repr([result, events])


@pytest.mark.parametrize("slug", CALLERS)
def test_in_no_text_of_the_connection(slug, upstream):
    connection = connect(slug, upstream)

    assert KEY not in repr(connection) + str(connection)
