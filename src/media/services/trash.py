"""Deleting with a way back: the trash, and its emptying after 30 days."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from src.core.errors import NotFound
from src.media.models import MediaAsset, Rendition
from src.media.services.library import find_listed_asset, lock_to_write, lock_visible

log = structlog.get_logger("negareh.media")

TRASH_LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class Purged:
    assets: int
    bytes: int


@transaction.atomic
def delete_asset(*, asset_id: UUID, user: Any) -> None:
    """Into the trash: gone for everyone, its public links too, until it is brought back or purged.

    Raises NotFound, Forbidden(permission_denied).
    """
    asset = lock_to_write(user, asset_id)
    asset.deleted_at, asset.deleted_by = timezone.now(), user
    asset.save(update_fields=["deleted_at", "deleted_by"])


@transaction.atomic
def restore_asset(*, asset_id: UUID, user: Any) -> MediaAsset:
    """Undo. Raises NotFound for what is not in this person's trash."""
    found = lock_visible(user, [asset_id], trash=True)
    if not found:
        raise NotFound
    asset = found[0]
    asset.deleted_at = asset.deleted_by = None
    asset.save(update_fields=["deleted_at", "deleted_by"])
    return find_listed_asset(asset_id=asset_id, user=user)


def purge_trash(*, older_than: timedelta = TRASH_LIFETIME, dry_run: bool = False) -> Purged:
    """Remove rows and files of what was deleted so long ago. Each picture in a transaction of its own."""
    limit = timezone.now() - older_than
    due = MediaAsset.objects.filter(deleted_at__lt=limit)
    if dry_run:
        sizes = list(due.values_list("size_bytes", flat=True))
        return Purged(len(sizes), sum(sizes))
    outcomes = [_purge_one(asset_id, limit) for asset_id in list(due.values_list("pk", flat=True))]
    gone = [size for size in outcomes if size is not None]
    return Purged(len(gone), sum(gone))


@transaction.atomic
def _purge_one(asset_id: UUID, limit: Any) -> int | None:
    """Its size in bytes, or None if it was brought back meanwhile."""
    asset = MediaAsset.objects.select_for_update().filter(pk=asset_id, deleted_at__lt=limit).first()
    if asset is None:
        return None
    names = [asset.file_name, *Rendition.objects.filter(asset=asset).values_list("file_name", flat=True)]
    asset.delete()
    transaction.on_commit(partial(_remove_files, names))
    return asset.size_bytes


def _remove_files(names: list[str]) -> None:
    """The row is gone by now: a file that cannot be removed is only named."""
    for name in names:
        try:
            default_storage.delete(name)
        except OSError as exc:
            log.error("file_not_removed", file_name=name, exc_info=exc)
