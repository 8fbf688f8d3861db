"""Pictures inside JSON: base64 as services send it, decoded strictly first and leniently after."""

import re

import pybase64

DATA_URL = re.compile(r"^data:[^,]{0,200},", re.ASCII)


def decode_picture(text: object) -> bytes | None:
    """The bytes, or None if `text` is no base64 even with line breaks, missing padding or a data: prefix."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return _decode_leniently(text)


def _decode_leniently(text: str) -> bytes | None:
    compact = re.sub(r"\s+", "", DATA_URL.sub("", text.strip())).rstrip("=")
    compact = compact.replace("-", "+").replace("_", "/")
    if len(compact) % 4 == 1:
        # A cut in the middle of a group: what came whole is kept, the check of the picture decides.
        compact = compact[:-1]
    try:
        return pybase64.b64decode(compact + "=" * (-len(compact) % 4), validate=True) or None
    except ValueError:
        return None
