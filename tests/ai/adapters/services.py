"""Where each adapter finds its played service, and a request that the service takes."""

from collections.abc import Callable
from dataclasses import dataclass

from src.ai.providers.contract import ImageEditRequest, ImageRequest, ProviderConnection, ReferenceImage
from src.core.secret import Secret
from tests.upstream import Upstream

GOOD_KEY = "sk-test-good"


@dataclass(frozen=True)
class PlayedService:
    """`model_id` makes pictures; of an adapter that makes none, it is any. `edit_model_id` where another one edits."""

    url_of: Callable[[Upstream], str]
    model_id: str
    edit_model_id: str = ""


PLAYED = {
    "sandbox": PlayedService(lambda upstream: "", "canvas"),
    "openai": PlayedService(lambda upstream: upstream.openai_url, "gpt-image-2.5-flare"),
    "openai_compatible": PlayedService(lambda upstream: upstream.compatible_url, "stablediffusion"),
    "gemini": PlayedService(lambda upstream: upstream.gemini_url, "gemini-nano-banana-2.1"),
    "openrouter": PlayedService(lambda upstream: upstream.openrouter_url, "openai/gpt-image-2.5-flare"),
    "huggingface": PlayedService(
        lambda upstream: upstream.huggingface_url, "black-forest-labs/FLUX.1-dev", "black-forest-labs/FLUX.2-dev"
    ),
    "anthropic": PlayedService(lambda upstream: upstream.anthropic_url, "claude-opus-5-5"),
    "deepseek": PlayedService(lambda upstream: upstream.deepseek_url, "deepseek-flash"),
    "groq": PlayedService(lambda upstream: upstream.groq_url, "openai/gpt-oss-120b"),
}


def connection_of(slug: str, upstream: Upstream) -> ProviderConnection:
    return ProviderConnection(
        base_url=PLAYED[slug].url_of(upstream), key=Secret(GOOD_KEY), allow_private=True, timeout_s=5
    )


def request_of(slug: str) -> ImageRequest:
    return ImageRequest(model_id=PLAYED[slug].model_id, prompt="a red bicycle")


def edit_request_of(slug: str, *references: ReferenceImage, mask: ReferenceImage | None = None) -> ImageEditRequest:
    played = PLAYED[slug]
    model_id = played.edit_model_id or played.model_id
    return ImageEditRequest(model_id=model_id, prompt="make it night", references=references, mask=mask)
