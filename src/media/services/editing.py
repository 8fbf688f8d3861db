"""Changing what the library says of a picture, safe for two people at once."""

from typing import Any
from uuid import UUID

from django.db import transaction

from src.core.errors import Conflict, InvalidFields
from src.media.models import Collection, MediaAsset
from src.media.services.assets import search_text_of
from src.media.services.library import find_listed_asset, lock_to_write
from src.media.services.organising import find_or_make_tags, find_tags

MAX_TAGS = 50
TEXT_FIELDS = ("title", "alt_text", "alt_text_en")


@transaction.atomic
def edit_asset(*, asset_id: UUID, user: Any, changes: dict[str, Any]) -> MediaAsset:
    """`changes` holds any of title, alt_text, alt_text_en, visibility, collection (an id or None), add_tags,
    remove_tags, tags (the whole list; needs `version`), version (what the caller has read).

    Raises NotFound, Forbidden(permission_denied), Conflict(changed_meanwhile), InvalidFields.
    """
    asset = lock_to_write(user, asset_id)
    _require_version(asset, changes)
    for name in (*TEXT_FIELDS, "visibility"):
        setattr(asset, name, changes.get(name, getattr(asset, name)))
    if "collection" in changes:
        asset.collection = find_collection(changes["collection"], user)
    asset.search_text = search_text_of(asset.title, asset.alt_text, asset.alt_text_en, asset.prompt)
    asset.version += 1
    asset.save(update_fields=[*TEXT_FIELDS, "visibility", "collection", "search_text", "version", "updated_at"])
    _change_tags(asset, changes)
    return find_listed_asset(asset_id=asset_id, user=user)


def _require_version(asset: MediaAsset, changes: dict[str, Any]) -> None:
    if "tags" in changes and "version" not in changes:
        raise InvalidFields.one("version", "version_required")
    if changes.get("version", asset.version) != asset.version:
        raise Conflict("changed_meanwhile", facts={"version": asset.version})


def find_collection(collection_id: UUID | None, user: Any) -> Collection | None:
    """Raises InvalidFields(unknown_collection), also for one that this person does not see."""
    if collection_id is None:
        return None
    # Locked, so that it is not removed before the picture lies in it.
    rows = Collection.objects.visible_to(user).select_for_update(no_key=True)
    collection = rows.filter(pk=collection_id).first()
    if collection is None:
        raise InvalidFields.one("collection", "unknown_collection")
    return collection


def _change_tags(asset: MediaAsset, changes: dict[str, Any]) -> None:
    if "tags" in changes:
        asset.tags.set(find_or_make_tags(changes["tags"]))
    if changes.get("add_tags"):
        asset.tags.add(*find_or_make_tags(changes["add_tags"], field="add_tags"))
    if changes.get("remove_tags"):
        asset.tags.remove(*find_tags(changes["remove_tags"]))
    if asset.tags.count() > MAX_TAGS:
        raise InvalidFields.one("tags" if "tags" in changes else "add_tags", "too_many_tags", limit=MAX_TAGS)
