"""OpenRouter's own list of image models with prices: cached, served stale when OpenRouter is down.

Source: OpenRouterTeam/docs, guides/overview/multimodal/image-generation.mdx, read 2026-11-24.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from asgiref.sync import async_to_sync
from django.core.cache import cache

from src.ai.models import AIProvider
from src.core import outbound
from src.core.errors import Unavailable
from src.core.outbound import Limits, PrivateAddress
from src.core.vault import origin_of

ADAPTER = "openrouter"
BASE_URL = "https://openrouter.ai/api/v1"
CACHE_KEY = "openrouter:image-models"
LOCK_KEY = "openrouter:image-models:refresh"
FRESH_S = 6 * 3600
KEPT_S = 30 * 24 * 3600
LOCK_S = 60
WAIT_STEP_S = 0.05
CONCURRENCY = 8
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
            return _refresh(stored)
        finally:
            cache.delete(LOCK_KEY)
    return _listing(stored, is_stale=True) if stored and use_cache else _wait_for_refresh(stored)


def clear_openrouter_cache() -> None:
    cache.delete(CACHE_KEY)


def _refresh(stored: dict[str, Any] | None) -> OpenRouterListing:
    try:
        models = async_to_sync(read_image_models)(*_address())
    except (ListingFailed, outbound.OutboundError) as exc:
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
    base_url = (provider.api_base_url if provider else "") or BASE_URL
    if provider is None or not provider.allow_private_address:
        return base_url, None
    host, _colon, port = origin_of(base_url).split("://")[1].rpartition(":")
    return base_url, PrivateAddress(host, int(port))


async def read_image_models(base_url: str, allowed: PrivateAddress | None) -> list[dict[str, Any]]:
    """Every image model with its parameters and prices. Raises ListingFailed, OutboundError."""
    listed = (await _get(f"{base_url}/images/models", allowed)).get("data")
    if not isinstance(listed, list):
        raise ListingFailed
    gate = asyncio.Semaphore(CONCURRENCY)

    async def with_prices(entry: dict[str, Any]) -> dict[str, Any]:
        async with gate:
            return describe_model(entry, await _endpoints(base_url, str(entry.get("id")), allowed))

    return await asyncio.gather(*(with_prices(entry) for entry in listed if isinstance(entry, dict)))


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
        document = json.loads(answer.body, parse_float=Decimal)
    except ValueError as exc:
        raise ListingFailed from exc
    if answer.status != 200 or not isinstance(document, dict):
        raise ListingFailed
    return document


def describe_model(entry: dict[str, Any], endpoints: list[dict[str, Any]] | None) -> dict[str, Any]:
    """One model in our words. `endpoints` null: its prices are not known now."""
    parameters = entry.get("supported_parameters") or {}
    references = parameters.get("input_references") or {}
    return {
        "id": entry.get("id"),
        "name": entry.get("name") or entry.get("id"),
        "description": entry.get("description") or "",
        "can_edit": "input_references" in parameters,
        "max_reference_images": references.get("max"),
        "streams_previews": bool(entry.get("supports_streaming")),
        "supported_parameters": parameters,
        "endpoints": None if endpoints is None else [describe_endpoint(endpoint) for endpoint in endpoints],
    }


def describe_endpoint(endpoint: dict[str, Any]) -> dict[str, Any]:
    return {
        "provider": endpoint.get("provider_slug") or endpoint.get("provider_name"),
        "pricing": [
            {
                "billable": price.get("billable"),
                "unit": price.get("unit"),
                "price_micros": micros_text(price.get("cost_usd")),
                "variant": price.get("variant"),
            }
            for price in endpoint.get("pricing") or []
            if isinstance(price, dict)
        ],
    }


def micros_text(usd: Any) -> str | None:
    """US dollars as a decimal string of millionths, without rounding; None for what is no number."""
    if isinstance(usd, bool) or not isinstance(usd, Decimal | int):
        return None
    return format((Decimal(usd) * 1_000_000).normalize(), "f")
