"""What a person asks for, before anything is decided."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from src.ai.providers.contract import ImageParams
from src.ai.services.edit_inputs import EditInputs
from src.media.models import Visibility


@dataclass(frozen=True, kw_only=True)
class ImageOrder:
    """`model_id` is the row's number, `model` is "provider/model"; one of them is set.

    `visibility` None is for edits: private where a picture to start from is, else team. `idempotency_key` makes a
    second order with the same key and content the same generation. `retry_of` is the generation that is asked again.
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
    retry_of: Any | None = None


def fingerprint_of(order: ImageOrder, inputs: EditInputs | None) -> str:
    """A SHA-256 over all that makes an order what it is; pictures count by their bytes."""
    content = {
        "params": {"prompt": order.params.prompt, **order.params.without_prompt()},
        "model": [order.model_id, order.model],
        "save_to_media": order.save_to_media,
        "texts": [order.title, order.alt_text],
        "visibility": order.visibility,
        "expected_key_source": order.expected_key_source,
        "retry_of": order.retry_of and str(order.retry_of.pk),
        "references": [each.sha256 for each in inputs.references] if inputs else None,
        "mask": inputs.mask.sha256 if inputs and inputs.mask else None,
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
