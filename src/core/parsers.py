"""Bodies, with what DRF's own parsers would let through to crash later."""

import io
import json
from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

from src.core.errors import BadRequest


class JSONParser(parsers.JSONParser):
    """Nesting beyond what Python reads, and half a surrogate pair that no database or answer can hold, are
    malformed JSON."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read()
        try:
            content = super().parse(io.BytesIO(body), media_type, parser_context)
            if b"\\ud" in body.lower():
                json.dumps(content, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError) as exc:
            raise ParseError from exc
        return content


class MultiPartParser(parsers.MultiPartParser):
    """A form that cannot be read is no malformed JSON."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except ParseError as exc:
            raise BadRequest("malformed_form") from exc
