"""What a request says of itself in its headers: how long to wait (RFC 7240), and under which key it counts as one."""

import re
from dataclasses import dataclass

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from src.core.errors import InvalidFields

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
WAIT = re.compile(r"wait\s*=\s*\"?([0-9]{1,5})\"?")
REPLAYED = {"Idempotency-Replayed": "true"}
IDEMPOTENCY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters. The same key and request get the same answer for 24 hours.",
)
PREFER_HEADER = OpenApiParameter(
    "Prefer",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="`respond-async` answers 202 with the job; `wait=10` waits that many seconds at most (RFC 7240).",
)


@dataclass(frozen=True)
class Preferences:
    """`wait_s` None is "as long as usual"."""

    respond_async: bool = False
    wait_s: float | None = None

    @property
    def waits(self) -> bool:
        """`respond-async` beside `wait` is "after that long"."""
        return self.wait_s is not None or not self.respond_async

    def as_headers(self) -> dict[str, str]:
        applied = ["respond-async"] if self.respond_async else []
        applied += [f"wait={self.wait_s:.0f}"] if self.wait_s is not None else []
        return {"Preference-Applied": ", ".join(applied)} if applied else {}


def read_preferences(request: Request) -> Preferences:
    """Preferences that are not known are passed over, as RFC 7240 asks."""
    found = [part.strip().lower() for part in request.headers.get("Prefer", "").split(",")]
    waits = [match for part in found if (match := WAIT.fullmatch(part))]
    wait_s = min(float(waits[0].group(1)), settings.JOB_WAIT_S) if waits else None
    return Preferences("respond-async" in found, wait_s)


def read_idempotency_key(request: Request) -> str | None:
    """Raises InvalidFields(idempotency_key_invalid)."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidFields.one("Idempotency-Key", "idempotency_key_invalid")
    return key
