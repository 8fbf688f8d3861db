"""What a person asks for, before anything is decided."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from src.ai.providers.contract import ImageParams
from src.ai.services.edit_inputs import EditSources
from src.media.models import Visibility
from src.media.services.originals import sha256_of


@dataclass(frozen=True, kw_only=True)
class ImageOrder:
    """`model_id` is the row's number, `model` is "provider/model"; one of them is set.

    `visibility` None is for edits: private where a picture to start from is, else team. `idempotency_key` makes a
    second order with the same key and `fingerprint` the same generation. `retry_of` is the generation that is asked
    again.
    """

    admin: Any
    params: ImageParams
    model_id: int | None = None
    model: str | None = None
    save_to_media: bool = True
    title: str = ""
    alt_text: str = ""
    visibility: str | None = Visibility.TEAM
    expected_key_source: str | None = None
    idempotency_key: str | None = None
    fingerprint: str = ""
    retry_of: Any | None = None


def fingerprint_of(order: ImageOrder, sources: EditSources | None) -> str:
    """A SHA-256 over all that makes an order what it is, as it was sent: uploads by their bytes, pictures of the
    library by their ids."""
    content = {
        "params": {"prompt": order.params.prompt, **order.params.without_prompt()},
        "model": [order.model_id, order.model],
        "save_to_media": order.save_to_media,
        "texts": [order.title, order.alt_text],
        "visibility": order.visibility,
        "expected_key_source": order.expected_key_source,
        "retry_of": order.retry_of and str(order.retry_of.pk),
        "sources": sources and _describe(sources),
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def _describe(sources: EditSources) -> list[Any]:
    uploads = [sha256_of(content) for content in sources.uploads]
    mask = sources.mask_upload and sha256_of(sources.mask_upload)
    ids = [str(asset_id) for asset_id in (*sources.asset_ids, sources.mask_asset_id)]
    return [ids, uploads, mask]
