"""The pictures in a backend's answer, or why there are none.

Source: huggingface_hub 2.4.0, inference/_providers/ (`get_response` of each backend), read 2026-11-24.
"""

from dataclasses import replace
from typing import Any

from src.ai.providers.answers import read_json
from src.ai.providers.contract import GeneratedImage, ProviderConnection, ReadAnswer
from src.ai.providers.errors import BrokenAnswer, ContentRefused, ProviderTimeout
from src.ai.providers.huggingface.backends import BACKENDS
from src.ai.providers.huggingface.errors import class_document
from src.ai.providers.openai_compatible import read_item
from src.core.outbound import Answer

MAX_SEED = 2**63 - 1


def read_answer(answer: Answer, conn: ProviderConnection, *, backend: str, seed: int | None) -> ReadAnswer:
    """Raises BrokenAnswer for what is not in the backend's shape, a typed error for an error inside a 2xx."""
    find_items, document = BACKENDS[backend].items, read_json(answer)
    if find_items is None and document is None:
        return ReadAnswer(images=read_bytes(answer, seed))
    if not isinstance(document, dict):
        raise BrokenAnswer(charged="unknown", reason="not_json")
    if document.get("error"):
        raise class_document(document, answer, conn.key, charged="unknown")
    check_outcome(document)
    seed = seed if seed is not None else seed_in(document)
    items = find_items(document) if find_items else []
    images = [read_item(item, conn) for item in items] if isinstance(items, list) else []
    return ReadAnswer(images=tuple(replace(image, seed=seed) for image in images if image is not None))


def read_bytes(answer: Answer, seed: int | None) -> tuple[GeneratedImage, ...]:
    """An answer that is the picture itself."""
    if answer.content_type.startswith("text/") or answer.content_type == "application/json":
        raise BrokenAnswer(charged="unknown", reason="not_a_picture")
    return (GeneratedImage(content=answer.body, seed=seed),) if answer.body else ()


def check_outcome(document: dict[str, Any]) -> None:
    """Raises ContentRefused for fal.ai's black picture, ProviderTimeout where Replicate stopped waiting."""
    flags = document.get("has_nsfw_concepts")
    if isinstance(flags, list) and flags and flags[0] is True:
        raise ContentRefused(charged="yes", categories=("nsfw",))
    if document.get("output", "") is None and document.get("status") in ("starting", "processing"):
        raise ProviderTimeout(charged="unknown")


def seed_in(document: dict[str, Any]) -> int | None:
    """fal.ai names the seed that it took."""
    seed = document.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= MAX_SEED else None
