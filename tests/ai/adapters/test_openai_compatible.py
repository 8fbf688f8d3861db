"""The shapes that look-alike servers answer with."""

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageLink, ImageRequest, ProviderConnection
from src.ai.providers.errors import KeyInvalid, Overloaded, ProviderError, Rejected
from src.core.secret import Secret

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


async def test_only_what_was_asked_is_sent(upstream, connection, events):
    await get_adapter("openai_compatible").generate(connection, REQUEST, on_event=events)

    assert upstream.paid_requests[0].json == {"model": "m", "prompt": "a", "n": 1}
    assert "authorization" not in upstream.paid_requests[0].headers


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
