"""Public addresses of pictures: made, found, revoked."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from src.core.audit import record
from src.core.errors import NotFound
from src.media.models import MediaAsset, PublishedLink, Rendition
from src.media.models.rendition import RENDITION_SIZES, RenditionFormat
from src.media.services.library import lock_to_write

TOKEN_BYTES = 24
# The page's text column on a wide screen, the whole screen on a narrow one.
SIZES = "(max-width: 1024px) 100vw, 1024px"


@dataclass(frozen=True)
class Published:
    link: PublishedLink
    asset: MediaAsset
    is_new: bool


@transaction.atomic
def publish_asset(*, asset_id: UUID, user: Any) -> Published:
    """The picture's live link, made if there is none. Raises NotFound, Forbidden(permission_denied)."""
    asset = lock_to_write(user, asset_id)
    link = PublishedLink.objects.filter(asset=asset, revoked_at__isnull=True).first()
    if link is not None:
        return Published(link, asset, False)
    link = PublishedLink.objects.create(asset=asset, token=secrets.token_urlsafe(TOKEN_BYTES), created_by=user)
    _audit("media.published", link, user)
    return Published(link, asset, True)


@transaction.atomic
def revoke_link(*, asset_id: UUID, user: Any) -> None:
    """From now on the address is not found; copies in caches outside live on.

    Raises NotFound (also when the picture is not published), Forbidden(permission_denied).
    """
    asset = lock_to_write(user, asset_id)
    link = PublishedLink.objects.filter(asset=asset, revoked_at__isnull=True).first()
    if link is None:
        raise NotFound("not_published")
    link.revoked_at = timezone.now()
    link.save(update_fields=["revoked_at"])
    _audit("media.unpublished", link, user)


def _audit(action: str, link: PublishedLink, user: Any) -> None:
    is_live = link.revoked_at is None
    record(
        action,
        actor=user,
        object_type="media_asset",
        object_id=link.asset_id,
        object_label=link.asset.title,
        before={"published": not is_live},
        after={"published": is_live, "link": link.pk},
    )


def find_published(token: str) -> MediaAsset:
    """Raises NotFound for a token that never was, is revoked, or whose picture lies in the trash."""
    link = (
        PublishedLink.objects.select_related("asset")
        .filter(token=token, revoked_at__isnull=True, asset__deleted_at__isnull=True)
        .first()
    )
    if link is None:
        raise NotFound
    return link.asset


def link_of(asset: MediaAsset) -> PublishedLink | None:
    return PublishedLink.objects.filter(asset=asset, revoked_at__isnull=True).first()


def describe_link(link: PublishedLink, asset: MediaAsset, *, base_url: str) -> dict[str, Any]:
    """`urls` by rendition, and `picture_html` to paste; `base_url` ends without a slash."""
    urls = {
        f"{size}.{format}": f"{base_url}/p/{link.token}/{size}.{format}"
        for size in RENDITION_SIZES
        for format in RenditionFormat.values
    }
    return {
        "asset_id": str(asset.pk),
        "urls": urls,
        "picture_html": picture_html(urls, asset, _extents(asset)),
        "is_alt_text_missing": not (asset.alt_text or asset.alt_text_en),
        "published_at": link.created_at.isoformat(),
    }


def _extents(asset: MediaAsset) -> dict[int, tuple[int, int]]:
    """Width and height, px, by size, as the copies have them, or will have once they are made again."""
    rows = Rendition.objects.filter(asset=asset, format=RenditionFormat.WEBP)
    made = {row.size: (row.width, row.height) for row in rows}
    return {size: made.get(size) or _shrunk(asset, size) for size in RENDITION_SIZES}


def _shrunk(asset: MediaAsset, size: int) -> tuple[int, int]:
    factor = min(1.0, size / max(asset.width, asset.height))
    return max(1, round(asset.width * factor)), max(1, round(asset.height * factor))


def picture_html(urls: dict[str, str], asset: MediaAsset, extents: dict[int, tuple[int, int]]) -> str:
    """A `<picture>` with AVIF and WebP. Source: HTML Standard, 4.8.1 and 4.8.4.2.2."""
    sources = format_html_join(
        "",
        '<source type="image/{}" srcset="{}" sizes="{}">',
        (
            (format, ", ".join(f"{urls[f'{size}.{format}']} {extents[size][0]}w" for size in sorted(extents)), SIZES)
            for format in (RenditionFormat.AVIF, RenditionFormat.WEBP)
        ),
    )
    largest = max(extents)
    width, height = extents[largest]
    return format_html(
        '<picture>{}<img src="{}" width="{}" height="{}" alt="{}" loading="lazy" decoding="async"></picture>',
        sources,
        urls[f"{largest}.{RenditionFormat.WEBP}"],
        width,
        height,
        asset.alt_text or asset.alt_text_en,
    )
