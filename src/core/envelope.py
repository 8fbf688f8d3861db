"""The one shape of every JSON answer."""

from typing import Any

from rest_framework.response import Response

from src.core.messages import text_for
from src.core.request_log import current_request_id


def success(code: str, data: Any = None, *, status: int = 200, **params: Any) -> Response:
    """`{"success": true, "code", "message", "data"}`."""
    return Response({"success": True, "code": code, "message": text_for(code, **params), "data": data}, status=status)


def failure_body(code: str, *, errors: dict | None = None, facts: dict | None = None, **params: Any) -> dict[str, Any]:
    """`{"success": false, "code", "message", "errors", "request_id"}` and any further facts."""
    return {
        "success": False,
        "code": code,
        "message": text_for(code, **params),
        "errors": errors or {},
        "request_id": current_request_id(),
        **(facts or {}),
    }
