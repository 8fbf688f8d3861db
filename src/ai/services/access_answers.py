"""An access state as the API tells it: the key source, why it is so, and what would change it."""

from typing import Any

from src.ai.access import Explanation
from src.core.messages import text_for


def describe_access(found: Explanation) -> dict[str, Any]:
    return {
        "state": str(found.state),
        "key_source": found.state.key_source,
        "reason": found.reason,
        "reason_message": text_for(found.reason, **found.params),
        "remedy": found.remedy,
        "remedy_message": text_for(found.remedy, **found.params) if found.remedy else "",
    }
