"""One change to many pictures: what may be changed is, in one transaction; the rest is named."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max
from django.utils import timezone

from src.core.errors import InvalidFields
from src.media.models import Favourite, MediaAsset
from src.media.models.visibility import may_write
from src.media.services.editing import MAX_TAGS, find_collection
from src.media.services.library import lock_visible
from src.media.services.organising import find_or_make_tags, find_tags

MAX_ASSETS = 500
Action = Literal["tag", "move", "visibility", "favourite", "unfavourite", "delete", "restore"]
ACTIONS: tuple[Action, ...] = ("tag", "move", "visibility", "favourite", "unfavourite", "delete", "restore")


@dataclass(frozen=True, kw_only=True)
class BulkChange:
    """`action`, and what it needs: add_tags and remove_tags, or collection (None: out of any), or visibility."""

    action: Action
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    collection: UUID | None = None
    visibility: str = ""


@dataclass(frozen=True, kw_only=True)
class BulkOutcome:
    """`not_found` holds also what this person does not see; `not_permitted` what they may only look at."""

    changed: list[UUID]
    not_found: list[UUID]
    not_permitted: list[UUID]


@transaction.atomic
def change_many(*, asset_ids: Iterable[UUID], user: Any, change: BulkChange) -> BulkOutcome:
    """Raises InvalidFields(unknown_collection, too_many_tags); then nothing is changed."""
    wanted = list(dict.fromkeys(asset_ids))
    found = lock_visible(user, wanted, trash=change.action == "restore")
    is_own_mark = change.action in ("favourite", "unfavourite")
    allowed = [row for row in found if is_own_mark or may_write(user, row)]
    _apply(change, allowed, user)
    changed, seen = {row.pk for row in allowed}, {row.pk for row in found}
    return BulkOutcome(
        changed=[pk for pk in wanted if pk in changed],
        not_found=[pk for pk in wanted if pk not in seen],
        not_permitted=[pk for pk in wanted if pk in seen - changed],
    )


def _apply(change: BulkChange, assets: list[MediaAsset], user: Any) -> None:
    rows = MediaAsset.objects.filter(pk__in=[asset.pk for asset in assets])
    edited: dict[str, Any] = {"version": F("version") + 1, "updated_at": timezone.now()}
    match change.action:
        case "tag":
            _tag(change, assets)
            rows.update(**edited)
        case "move":
            rows.update(collection=find_collection(change.collection, user), **edited)
        case "visibility":
            rows.update(visibility=change.visibility, **edited)
        case "favourite":
            marks = [Favourite(user=user, asset=asset) for asset in assets]
            Favourite.objects.bulk_create(marks, ignore_conflicts=True)
        case "unfavourite":
            Favourite.objects.filter(user=user, asset__in=assets).delete()
        case "delete":
            rows.update(deleted_at=timezone.now(), deleted_by=user)
        case "restore":
            rows.update(deleted_at=None, deleted_by=None)


def _tag(change: BulkChange, assets: list[MediaAsset]) -> None:
    links = MediaAsset.tags.through.objects
    added = find_or_make_tags(change.add_tags, field="add_tags")
    links.bulk_create(
        [MediaAsset.tags.through(mediaasset_id=asset.pk, tag_id=tag.pk) for asset in assets for tag in added],
        ignore_conflicts=True,
    )
    links.filter(mediaasset__in=assets, tag__in=find_tags(change.remove_tags)).delete()
    if added and _most_tags(assets) > MAX_TAGS:
        raise InvalidFields.one("add_tags", "too_many_tags", limit=MAX_TAGS)


def _most_tags(assets: list[MediaAsset]) -> int:
    rows = MediaAsset.objects.filter(pk__in=[asset.pk for asset in assets]).annotate(tags_count=Count("tags"))
    return rows.aggregate(most=Max("tags_count"))["most"] or 0
