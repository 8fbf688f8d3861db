"""Pictures of the library for tests, stored and written as the services do it."""

from collections.abc import Iterable
from typing import Any

from src.accounts.models import User
from src.media.inspection import inspect_picture
from src.media.models import MediaAsset
from src.media.services.assets import AssetDetails, create_asset
from src.media.services.organising import find_or_make_tags
from src.media.services.originals import store_original
from tests.upstream.pictures import draw

ROW_FIELDS = {"collection", "created_at", "deleted_at"}


def make_asset(
    owner: User, content: bytes | None = None, *, tags: Iterable[str] = (), prompt: str = "", **details: Any
) -> MediaAsset:
    """A small PNG of `owner`'s, or the picture given; `snapshot` columns may be given by name."""
    content = draw((64, 48), "png") if content is None else content
    fields = {name: details.pop(name) for name in ROW_FIELDS & set(details)}
    snapshot = {
        name: details.pop(name) for name in ("provider_slug", "model_id", "generation_id") if name in details
    } | {"prompt": prompt}
    original = store_original(content=content, facts=inspect_picture(content))
    values = {"title": "دوچرخه", "snapshot": snapshot, **details}
    asset = create_asset(original=original, details=AssetDetails(owner.pk, **values))
    if fields:
        MediaAsset.objects.filter(pk=asset.pk).update(**fields)
        asset.refresh_from_db()
    asset.tags.add(*find_or_make_tags(tags))
    return asset


def ids_of(answer: Any) -> list[str]:
    """The pictures of a page, in its order."""
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["data"]["results"]]
