"""OpenRouter's own list of image models with prices: cached, served stale when OpenRouter is down."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.core.cache import cache

from src.ai.models import AIProvider
from src.ai.providers import get_adapter
from src.ai.providers.contract import ProviderConnection
from src.ai.providers.errors import ProviderError
from src.ai.providers.openrouter import OpenRouter
from src.ai.services.stored_keys import base_url_of
from src.core.errors import Unavailable

ADAPTER = "openrouter"
CACHE_KEY = "openrouter:image-models"
LOCK_KEY = "openrouter:image-models:refresh"
FRESH_S = 6 * 3600
KEPT_S = 30 * 24 * 3600
LOCK_S = 60
REFRESH_S = 45
WAIT_STEP_S = 0.05


@dataclass(frozen=True)
class OpenRouterListing:
    models: list[dict[str, Any]]
    read_at: str
    is_stale: bool


def list_openrouter_models(*, use_cache: bool = True) -> OpenRouterListing:
    """The image models with prices, at most six hours old unless OpenRouter does not answer.

    One caller refreshes; the others get what is stored, or wait where nothing is. Raises
    Unavailable(provider_unreachable) if there is nothing to show.
    """
    stored = cache.get(CACHE_KEY)
    if stored and use_cache and time.time() - stored["read_s"] < FRESH_S:
        return _listing(stored, is_stale=False)
    if cache.add(LOCK_KEY, 1, LOCK_S):
        try:
            # Another caller may have read it between our look and our lock.
            newer = cache.get(CACHE_KEY)
            if newer and use_cache and newer != stored:
                return _listing(newer, is_stale=False)
            return _refresh(stored)
        finally:
            cache.delete(LOCK_KEY)
    return _listing(stored, is_stale=True) if stored and use_cache else _wait_for_refresh(stored)


def clear_openrouter_cache() -> None:
    cache.delete(CACHE_KEY)


def _refresh(stored: dict[str, Any] | None) -> OpenRouterListing:
    try:
        models = async_to_sync(_read_in_time)(_connection())
    except (ProviderError, TimeoutError) as exc:
        if stored is None:
            raise Unavailable("provider_unreachable") from exc
        return _listing(stored, is_stale=True)
    fresh = {"models": models, "read_s": time.time()}
    cache.set(CACHE_KEY, fresh, KEPT_S)
    return _listing(fresh, is_stale=False)


def _wait_for_refresh(known: dict[str, Any] | None) -> OpenRouterListing:
    deadline = time.monotonic() + LOCK_S
    while cache.get(LOCK_KEY) and time.monotonic() < deadline:
        time.sleep(WAIT_STEP_S)
    stored = cache.get(CACHE_KEY)
    if stored is None:
        raise Unavailable("provider_unreachable")
    return _listing(stored, is_stale=stored == known)


def _listing(stored: dict[str, Any], *, is_stale: bool) -> OpenRouterListing:
    read_at = datetime.fromtimestamp(stored["read_s"], UTC).isoformat(timespec="seconds")
    return OpenRouterListing(stored["models"], read_at, is_stale)


def _adapter() -> OpenRouter:
    return cast(OpenRouter, get_adapter(ADAPTER))


def _connection() -> ProviderConnection:
    """Without a key: the list is public."""
    provider = AIProvider.objects.filter(adapter=ADAPTER).order_by("-is_active", "id").first()
    if provider is None:
        return ProviderConnection(base_url=_adapter().base_url)
    return ProviderConnection(base_url=base_url_of(provider), allow_private=provider.allow_private_address)


async def _read_in_time(conn: ProviderConnection) -> list[dict[str, Any]]:
    """Shorter than the lock lasts, so that no second refresh begins beside this one."""
    async with asyncio.timeout(REFRESH_S):
        return await _adapter().list_with_prices(conn)
