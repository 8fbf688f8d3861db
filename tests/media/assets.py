"""Pictures of the library for tests, stored and written as the services do it."""

from typing import Any

from src.accounts.models import User
from src.media.inspection import inspect_picture
from src.media.models import MediaAsset
from src.media.services import AssetDetails, create_asset, store_original
from tests.upstream.pictures import draw


def make_asset(owner: User, content: bytes | None = None, **details: Any) -> MediaAsset:
    """A small PNG of `owner`'s, or the picture given."""
    content = draw((64, 48), "png") if content is None else content
    original = store_original(content=content, facts=inspect_picture(content))
    return create_asset(original=original, details=AssetDetails(owner.pk, **{"title": "دوچرخه", **details}))
