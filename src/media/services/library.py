"""The library as one person sees it: lists, one picture, what belongs to it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch

from src.core.errors import Forbidden, NotFound
from src.media.models import Favourite, MediaAsset, PublishedLink, Tag
from src.media.models.asset import MediaAssetQuerySet
from src.media.models.visibility import may_write

# Long texts that a list does not show.
DEFERRED = ("prompt", "params", "snapshot", "provenance", "search_text")
LINEAGE_MAX = 50


def library_of(user: Any) -> MediaAssetQuerySet:
    """What this person sees, with `is_favourite` and `is_published`; a page of it costs three queries."""
    return _with_surroundings(MediaAsset.objects.visible_to(user), user).defer(*DEFERRED)


def trash_of(user: Any) -> MediaAssetQuerySet:
    """Deleted pictures that this person may bring back, as `library_of` shows pictures."""
    return _with_surroundings(MediaAsset.objects.in_trash_of(user), user).defer(*DEFERRED)


def find_listed_asset(*, asset_id: UUID, user: Any) -> MediaAsset:
    """Raises NotFound for a picture that is not there or not theirs to see; the two look alike."""
    asset = _with_surroundings(MediaAsset.objects.visible_to(user), user).filter(pk=asset_id).first()
    if asset is None:
        raise NotFound
    return asset


def _with_surroundings(rows: MediaAssetQuerySet, user: Any) -> MediaAssetQuerySet:
    live = PublishedLink.objects.filter(asset=OuterRef("pk"), revoked_at__isnull=True)
    own = Favourite.objects.filter(asset=OuterRef("pk"), user=user)
    return (
        rows.select_related("owner", "collection")
        .prefetch_related(Prefetch("tags", Tag.objects.order_by("name")))
        .annotate(is_favourite=Exists(own), is_published=Exists(live))
    )


def lineage_of(asset: MediaAsset, user: Any) -> dict[str, list[MediaAsset]]:
    """What it was made from, what was made from it, and the others of its generation, as far as this person sees."""
    visible = MediaAsset.objects.visible_to(user).only("id", "title", "source", "created_at").order_by("created_at")
    siblings = visible.filter(generation_id=asset.generation_id).exclude(pk=asset.pk)
    return {
        "made_from": list(visible.filter(made_into=asset)[:LINEAGE_MAX]),
        "made_into": list(visible.filter(made_from=asset)[:LINEAGE_MAX]),
        "same_generation": list(siblings[:LINEAGE_MAX]) if asset.generation_id else [],
    }


def lock_visible(user: Any, asset_ids: Iterable[UUID], *, trash: bool = False) -> list[MediaAsset]:
    """Those of the ids that this person sees (or may bring back), locked in one order, so that two who change many
    pictures cannot wait for each other. Call inside a transaction."""
    rows = MediaAsset.objects.in_trash_of(user) if trash else MediaAsset.objects.visible_to(user)
    return list(rows.filter(pk__in=set(asset_ids)).select_for_update().order_by("pk"))


def lock_to_write(user: Any, asset_id: UUID) -> MediaAsset:
    """Raises NotFound, and Forbidden(permission_denied) for what this person may only look at."""
    found = lock_visible(user, [asset_id])
    return _require_writable(found[0] if found else None, user)


def find_writable_asset(*, asset_id: UUID, user: Any) -> MediaAsset:
    """Not locked. Raises as `lock_to_write`."""
    return _require_writable(MediaAsset.objects.visible_to(user).filter(pk=asset_id).first(), user)


def _require_writable(asset: MediaAsset | None, user: Any) -> MediaAsset:
    if asset is None:
        raise NotFound
    if not may_write(user, asset):
        raise Forbidden("permission_denied")
    return asset
