"""Where each adapter finds its played service, and a request that the service takes."""

from collections.abc import Callable
from dataclasses import dataclass

from src.ai.providers.contract import ImageRequest, ProviderConnection
from src.core.secret import Secret
from tests.upstream import Upstream

GOOD_KEY = "sk-test-good"


@dataclass(frozen=True)
class PlayedService:
    """`model_id` makes pictures; of an adapter that makes none, it is any."""

    url_of: Callable[[Upstream], str]
    model_id: str


PLAYED = {
    "sandbox": PlayedService(lambda upstream: "", "canvas"),
    "openai": PlayedService(lambda upstream: upstream.openai_url, "gpt-image-2.5-flare"),
    "openai_compatible": PlayedService(lambda upstream: upstream.compatible_url, "stablediffusion"),
}


def connection_of(slug: str, upstream: Upstream) -> ProviderConnection:
    return ProviderConnection(
        base_url=PLAYED[slug].url_of(upstream), key=Secret(GOOD_KEY), allow_private=True, timeout_s=5
    )


def request_of(slug: str) -> ImageRequest:
    return ImageRequest(model_id=PLAYED[slug].model_id, prompt="a red bicycle")
