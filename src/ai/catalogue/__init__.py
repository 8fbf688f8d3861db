"""The providers and models that Negareh knows on its own, as data: adding a model is one entry of the file."""

import json
from pathlib import Path
from typing import Any

CATALOGUE_FILE = Path(__file__).with_name("catalogue.json")


def read_catalogue() -> dict[str, list[dict[str, Any]]]:
    """`{"providers": [...], "models": [...]}`; prices in millionths of a US dollar, dates as YYYY-MM-DD.

    `start` of a provider is what a new row begins with; only super admins change it from then on.
    """
    return json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
