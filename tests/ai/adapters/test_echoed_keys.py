"""Services that hand the key back: it goes no further than the adapter."""

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageRequest, ProviderConnection, Received
from src.ai.providers.errors import ProviderError
from src.core.secret import Secret

KEY = "plainkey-without-a-known-shape-0123456789"
REQUEST = ImageRequest(model_id="m", prompt="a")


@pytest.fixture
def connection(upstream) -> ProviderConnection:
    return ProviderConnection(base_url=upstream.compatible_url, key=Secret(KEY), allow_private=True, timeout_s=5)


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
