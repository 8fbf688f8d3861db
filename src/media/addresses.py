"""Addresses of a picture's bytes."""

from typing import Any

from django.urls import reverse

from src.media.models.rendition import RENDITION_SIZES, RenditionFormat


def original_url(asset_id: Any) -> str:
    return reverse("media-original", kwargs={"asset_id": asset_id})


def rendition_url(asset_id: Any, size: int, format: str) -> str:
    return reverse("media-rendition", kwargs={"asset_id": asset_id, "size": size, "format": format})


def thumbnail_urls(asset_id: Any) -> dict[str, str]:
    """By longest edge, px; made on first request where they are missing."""
    return {str(size): rendition_url(asset_id, size, RenditionFormat.WEBP) for size in RENDITION_SIZES}
