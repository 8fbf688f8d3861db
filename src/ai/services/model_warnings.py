"""What to know of a model before one relies on it, for lists."""

from datetime import UTC, datetime
from typing import Any

from src.ai.models import AIModel
from src.ai.services.model_sync import ENDING_SOON
from src.core.messages import text_for


def describe_warnings(model: AIModel) -> list[dict[str, Any]]:
    """Codes with their texts: the service ends the model within 30 days, or no longer lists it."""
    today = datetime.now(UTC).date()
    warnings: list[dict[str, Any]] = []
    if model.ends_by(today + ENDING_SOON):
        code = "model_has_ended" if model.has_ended(today) else "model_ends_soon"
        facts = {"shutdown_date": str(model.shutdown_date), "replacement": model.replacement}
        warnings.append({"code": code, "message": text_for(code, date=facts["shutdown_date"]), **facts})
    if model.vanished_at is not None:
        warnings.append({"code": "model_vanished", "message": text_for("model_vanished")})
    return warnings
