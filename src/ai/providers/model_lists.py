"""Reading a service's list of models: whatever its JSON holds, only whole entries come out."""

from typing import Any

from src.ai.providers.answers import read_json
from src.ai.providers.errors import BrokenAnswer
from src.ai.providers.json_values import text_of
from src.core.outbound import Answer


def read_page(answer: Answer) -> dict[str, Any]:
    """The document around the entries. Raises BrokenAnswer for what has no list `data`."""
    document = read_json(answer)
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise BrokenAnswer(reason="not_json")
    return document


def entries_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Those with an `id` that names a model."""
    return [item for item in page["data"] if isinstance(item, dict) and text_of(item.get("id"))]
