"""Rows of the library."""

from src.media.models.asset import MediaAsset, Source, Visibility
from src.media.models.organising import Collection, Favourite, Tag
from src.media.models.publishing import PublishedLink
from src.media.models.rendition import Rendition, RenditionFormat

__all__ = [
    "Collection",
    "Favourite",
    "MediaAsset",
    "PublishedLink",
    "Rendition",
    "RenditionFormat",
    "Source",
    "Tag",
    "Visibility",
]
