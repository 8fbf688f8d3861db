"""Who wrote a field of a provider or model last: the catalogue, a sync, or an operator, whose word stays."""

from datetime import date
from typing import Any

LIMITS_AND_PRICES = frozenset({"capabilities", "image_spec", "pricing", "context_window", "max_output_tokens"})
"""Where a service's own list is believed before the catalogue; in all else it only fills what is blank."""


def is_ours(row: Any, name: str) -> bool:
    """Whether nobody changed the field since the catalogue or a sync wrote it. A row without source values was made by
    hand: all of it is an operator's."""
    present = as_json(getattr(row, name))
    if name not in row.source_values:
        return bool(row.source_values) and not present
    return present == row.source_values[name]


def as_json(value: Any) -> Any:
    """As it stands in `source_values`."""
    return value.isoformat() if isinstance(value, date) else value
