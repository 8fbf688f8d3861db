"""OpenRouter's own list of image models with prices: cached, served stale when OpenRouter is down.

Source: OpenRouterTeam/docs, guides/overview/multimodal/image-generation.mdx, read 2026-11-24.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
from asgiref.sync import async_to_sync
from django.core.cache import cache

from src.ai.models import AIProvider
from src.core import outbound
from src.core.errors import Unavailable
from src.core.outbound import Limits, PrivateAddress

ADAPTER = "openrouter"
BASE_URL = "https://openrouter.ai/api/v1"
CACHE_KEY = "openrouter:image-models"
LOCK_KEY = "openrouter:image-models:refresh"
FRESH_S = 6 * 3600
KEPT_S = 30 * 24 * 3600
LOCK_S = 60
REFRESH_S = 45
WAIT_STEP_S = 0.05
CONCURRENCY = 8
MAX_USD = 1_000_000
LIMITS = Limits(connect_s=5, read_gap_s=15, total_s=20, answer_bytes=16 * 1024 * 1024)


@dataclass(frozen=True)
class OpenRouterListing:
    models: list[dict[str, Any]]
    read_at: str
    is_stale: bool


class ListingFailed(Exception):
    """OpenRouter gave no usable list."""


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
        models = async_to_sync(_read_in_time)(*_address())
    except (ListingFailed, outbound.OutboundError, TimeoutError) as exc:
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


def _address() -> tuple[str, PrivateAddress | None]:
    provider = AIProvider.objects.filter(adapter=ADAPTER).order_by("-is_active", "id").first()
    base_url = ((provider.api_base_url if provider else "") or BASE_URL).rstrip("/")
    if provider is None or not provider.allow_private_address:
        return base_url, None
    return base_url, PrivateAddress.of(base_url)


async def _read_in_time(base_url: str, allowed: PrivateAddress | None) -> list[dict[str, Any]]:
    """Shorter than the lock lasts, so that no second refresh begins beside this one."""
    async with asyncio.timeout(REFRESH_S):
        return await read_image_models(base_url, allowed)


async def read_image_models(base_url: str, allowed: PrivateAddress | None) -> list[dict[str, Any]]:
    """Every image model with its parameters and prices. Raises ListingFailed, OutboundError."""
    listed = (await _get(f"{base_url}/images/models", allowed)).get("data")
    if not isinstance(listed, list):
        raise ListingFailed
    gate = asyncio.Semaphore(CONCURRENCY)

    async def with_prices(entry: dict[str, Any]) -> dict[str, Any]:
        async with gate:
            return describe_model(entry, await _endpoints(base_url, entry["id"], allowed))

    entries = [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    return await asyncio.gather(*(with_prices(entry) for entry in entries))


async def _endpoints(base_url: str, model_id: str, allowed: PrivateAddress | None) -> list[dict[str, Any]] | None:
    """None if this one model's prices could not be read; the others are still worth showing."""
    path = quote(model_id, safe="/:")
    try:
        found = (await _get(f"{base_url}/images/models/{path}/endpoints", allowed)).get("endpoints")
    except (ListingFailed, outbound.OutboundError):
        return None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else None


async def _get(url: str, allowed: PrivateAddress | None) -> dict[str, Any]:
    answer = await outbound.send("GET", url, headers={"Accept": "application/json"}, limits=LIMITS, allowed=allowed)
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise ListingFailed from exc
    if answer.status != 200 or not isinstance(document, dict):
        raise ListingFailed
    return document


def describe_model(entry: dict[str, Any], endpoints: list[dict[str, Any]] | None) -> dict[str, Any]:
    """One model in our words. `endpoints` null: its prices are not known now."""
    parameters = _as_object(entry.get("supported_parameters"))
    references = _as_object(parameters.get("input_references"))
    return {
        "id": entry["id"],
        "name": _as_text(entry.get("name")) or entry["id"],
        "description": _as_text(entry.get("description")),
        "can_edit": "input_references" in parameters,
        "max_reference_images": references.get("max"),
        "streams_previews": bool(entry.get("supports_streaming")),
        "supported_parameters": parameters,
        "endpoints": None if endpoints is None else [describe_endpoint(endpoint) for endpoint in endpoints],
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def describe_endpoint(endpoint: dict[str, Any]) -> dict[str, Any]:
    prices = endpoint.get("pricing")
    return {
        "provider": endpoint.get("provider_slug") or endpoint.get("provider_name"),
        "pricing": [
            {
                "billable": price.get("billable"),
                "unit": price.get("unit"),
                "price_micros": micros_text(price.get("cost_usd")),
                "variant": price.get("variant"),
            }
            for price in (prices if isinstance(prices, list) else [])
            if isinstance(price, dict)
        ],
    }


def micros_text(usd: Any) -> str | None:
    """US dollars as a decimal string of millionths, without rounding; None for what is no price."""
    if isinstance(usd, bool) or not isinstance(usd, float | int) or not 0 <= usd <= MAX_USD:
        return None
    # A float's shortest text is the decimal that was sent.
    return format((Decimal(str(usd)) * 1_000_000).normalize(), "f")
