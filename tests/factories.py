"""Rows for tests, with only what the test is about spelled out."""

from typing import Any

from src.accounts.models import User
from src.ai.models import AdminProviderSettings, AIModel, AIProvider, KeyStatus
from src.ai.services.stored_keys import store_key
from src.core.secret import Secret
from tests.upstream import Upstream

GOOD_KEY = "sk-test-good"
GPT_IMAGE = "gpt-image-2.5-flare"
GPT_IMAGE_SPEC = {
    "sizes": ["auto", "1024x1024", "1536x1024", "1024x1536"],
    "size_rule": {
        "step": 16,
        "min_px": 655_360,
        "max_px": 8_294_400,
        "max_edge": 3840,
        "aspect_min": 0.333333,
        "aspect_max": 3.0,
    },
    "qualities": ["auto", "low", "medium", "high", "xhigh", "max"],
    "backgrounds": ["auto", "opaque", "transparent"],
    "output_formats": ["png", "webp", "jpeg"],
    "max_n": 10,
    "prompt_max_chars": 32_000,
    "edit": True,
}
PRICE_PER_IMAGE = [{"unit": "image", "price": "40000"}]


def make_provider(slug: str = "openai", *, key: str | None = GOOD_KEY, **fields: Any) -> AIProvider:
    """An active provider, open to AI managers, with a valid shared key (None: without)."""
    values = {
        "name": slug,
        "adapter": "openai",
        "is_active": True,
        "allow_shared_for_normal_admins": True,
        **fields,
    }
    provider = AIProvider(slug=slug, **values)
    if key is not None:
        store_key(provider, Secret(key), provider)
        provider.key_status = KeyStatus.VALID
    provider.save()
    return provider


def make_openai(upstream: Upstream, **fields: Any) -> AIProvider:
    """OpenAI as the played upstream speaks it."""
    return make_provider(api_base_url=upstream.openai_url, allow_private_address=True, **fields)


def make_sandbox(**fields: Any) -> AIProvider:
    return make_provider("sandbox", key=None, adapter="sandbox", **fields)


def make_model(provider: AIProvider, model_id: str = GPT_IMAGE, **fields: Any) -> AIModel:
    """An image model with GPT Image's spec and a price of 40,000 micros a picture."""
    values = {
        "capabilities": {"image": True},
        "image_spec": GPT_IMAGE_SPEC,
        "pricing": PRICE_PER_IMAGE,
        **fields,
    }
    return AIModel.objects.create(provider=provider, model_id=model_id, **values)


def make_settings(admin: User, provider: AIProvider, *, key: str | None = None, **fields: Any) -> AdminProviderSettings:
    """One person's settings; `key` is a personal key, stored as valid."""
    own = AdminProviderSettings(admin=admin, provider=provider, **fields)
    if key is not None:
        store_key(own, Secret(key), provider)
        own.key_status = KeyStatus.VALID
    own.save()
    return own
