"""Addresses of a picture's bytes."""

from typing import Any

from django.urls import reverse


def original_url(asset_id: Any) -> str:
    return reverse("media-original", kwargs={"asset_id": asset_id})


def rendition_url(asset_id: Any, size: int, format: str) -> str:
    return reverse("media-rendition", kwargs={"asset_id": asset_id, "size": size, "format": format})
