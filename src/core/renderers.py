"""JSON answers by msgspec: a picture as a data URL is megabytes of text, which the standard encoder walks slowly."""

from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

_fallback = JSONEncoder()


def _plain(value: Any) -> Any:
    """msgspec takes exact types only: texts that are more than text become plain, the rest DRF knows."""
    return str.__str__(value) if isinstance(value, str) else _fallback.default(value)


class MsgspecRenderer(JSONRenderer):
    """Compact UTF-8 JSON; what msgspec does not know (lazy texts) goes the way DRF's own encoder takes."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else msgspec.json.encode(data, enc_hook=_plain)
