"""Tags, collections and favourites."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from src.core.errors import Conflict, Forbidden, InvalidFields, NotFound
from src.core.text import normalise
from src.media.models import Collection, Favourite, MediaAsset, Tag
from src.media.models.visibility import MANAGE, may_write, seen_by
from src.media.services.assets import find_visible_asset


@transaction.atomic
def find_or_make_tags(names: Iterable[str], *, field: str = "tags") -> list[Tag]:
    """One tag per word, however it was typed; a new one keeps its first spelling. Locked, so that none is deleted
    before it is used, and always in one order. Raises InvalidFields(blank, too_long) on `field`."""
    by_key = {key_of(name, Tag, field): " ".join(name.split()) for name in names}
    rows = [Tag(name=name, key=key) for key, name in sorted(by_key.items())]
    Tag.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Tag.objects.filter(key__in=by_key).order_by("key").select_for_update(no_key=True))


def key_of(name: str, table: type[Tag] | type[Collection], field: str = "name") -> str:
    """What two spellings of a name share. Raises InvalidFields(blank, too_long): signs may stand for many letters."""
    key, limit = normalise(name), table._meta.get_field("key").max_length or 0
    if not key:
        raise InvalidFields.one(field, "blank")
    if len(key) > limit:
        raise InvalidFields.one(field, "too_long", limit=limit)
    return key


def find_tags(names: Iterable[str]) -> list[Tag]:
    """Those of the names that are tags."""
    return list(Tag.objects.filter(key__in={normalise(name) for name in names}))


def tags_for(user: Any) -> QuerySet[Tag]:
    """Tags on at least one picture that this person sees."""
    seen = Q(mediaasset__deleted_at__isnull=True) & seen_by(user, "mediaasset__")
    return Tag.objects.filter(Exists(MediaAsset.tags.through.objects.filter(seen, tag=OuterRef("pk"))))


@transaction.atomic
def rename_tag(*, tag_id: int, name: str, user: Any) -> Tag:
    """Everywhere. Raises Forbidden, NotFound, InvalidFields(blank, too_long), Conflict(tag_exists)."""
    tag = _tag_to_manage(tag_id, user)
    tag.name, tag.key = " ".join(name.split()), key_of(name, Tag)
    try:
        with transaction.atomic():
            tag.save(update_fields=["name", "key"])
    except IntegrityError as exc:
        raise Conflict("tag_exists") from exc
    return tag


@transaction.atomic
def delete_tag(*, tag_id: int, user: Any) -> None:
    """From every picture. Raises Forbidden, NotFound."""
    _tag_to_manage(tag_id, user).delete()


def _tag_to_manage(tag_id: int, user: Any) -> Tag:
    if not user.has_perm(MANAGE):
        raise Forbidden("permission_denied")
    tag = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if tag is None:
        raise NotFound
    return tag


def collections_for(user: Any) -> QuerySet[Collection]:
    """Those this person sees."""
    return Collection.objects.visible_to(user).select_related("owner")


def count_assets(collections: Iterable[Collection], user: Any) -> dict[UUID, int]:
    """How many of each one's pictures this person sees; one query."""
    counts = MediaAsset.objects.visible_to(user).filter(collection__in=list(collections)).order_by()
    return dict(counts.values("collection").annotate(found=Count("pk")).values_list("collection", "found"))


def find_visible_collection(*, collection_id: UUID, user: Any) -> Collection:
    """Raises NotFound for one that is not there or not theirs to see."""
    collection = collections_for(user).filter(pk=collection_id).first()
    if collection is None:
        raise NotFound
    return collection


def create_collection(*, user: Any, fields: dict[str, Any]) -> Collection:
    """Raises InvalidFields(blank), Conflict(collection_exists)."""
    return _save_collection(Collection(owner=user), fields, user)


@transaction.atomic
def update_collection(*, collection_id: UUID, user: Any, fields: dict[str, Any]) -> Collection:
    """Raises NotFound, Forbidden, Conflict(collection_exists)."""
    return _save_collection(_collection_to_write(collection_id, user), fields, user)


@transaction.atomic
def delete_collection(*, collection_id: UUID, user: Any) -> None:
    """The pictures stay. Raises NotFound, Forbidden."""
    _collection_to_write(collection_id, user).delete()


def _collection_to_write(collection_id: UUID, user: Any) -> Collection:
    rows = Collection.objects.visible_to(user).select_for_update()
    collection = rows.filter(pk=collection_id).first()
    if collection is None:
        raise NotFound
    if not may_write(user, collection):
        raise Forbidden("permission_denied")
    return collection


def _save_collection(collection: Collection, fields: dict[str, Any], user: Any) -> Collection:
    for name, value in fields.items():
        setattr(collection, name, value)
    collection.key = key_of(collection.name, Collection)
    try:
        with transaction.atomic():
            collection.save()
    except IntegrityError as exc:
        raise Conflict("collection_exists") from exc
    return find_visible_collection(collection_id=collection.pk, user=user)


def mark_favourite(*, asset_id: UUID, user: Any) -> None:
    """Twice is once. Raises NotFound."""
    asset = find_visible_asset(asset_id=asset_id, user=user)
    Favourite.objects.get_or_create(user=user, asset=asset)


def unmark_favourite(*, asset_id: UUID, user: Any) -> None:
    """Raises NotFound."""
    asset = find_visible_asset(asset_id=asset_id, user=user)
    Favourite.objects.filter(user=user, asset=asset).delete()
