"""What a picture's bytes say it is. Nothing else is asked: no file name, no declared type.

Only headers and structure are read, not pixels, so that a picture costs about a millisecond to check.
"""

import io
import struct
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
# MPO is Pillow's word for a JPEG with a further picture (gain map, preview) behind the first.
MIME_BY_FORMAT = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
EXTENSION_BY_MIME = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

MAX_PICTURE_BYTES = 50 * 1024 * 1024
MAX_PIXELS = 100_000_000
MAX_EDGE_PX = 32_768

# Pillow's own guard would warn first and raise later; `inspect_picture` has one limit instead.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class PictureFacts:
    mime_type: str
    width: int
    height: int
    size_bytes: int

    @property
    def extension(self) -> str:
        return EXTENSION_BY_MIME[self.mime_type]


class UnacceptablePicture(Exception):
    """Bytes that the library does not keep. `reason`: too_many_bytes, not_a_picture, too_many_pixels, truncated."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def inspect_picture(content: bytes) -> PictureFacts:
    """Type and size (pixels, upright or not as stored) of a whole PNG, JPEG or WebP. Raises UnacceptablePicture."""
    if len(content) > MAX_PICTURE_BYTES:
        raise UnacceptablePicture("too_many_bytes")
    mime_type, width, height = _read_header(content)
    if not (0 < width <= MAX_EDGE_PX and 0 < height <= MAX_EDGE_PX and width * height <= MAX_PIXELS):
        raise UnacceptablePicture("too_many_pixels")
    if not _is_whole(content, mime_type):
        raise UnacceptablePicture("truncated")
    return PictureFacts(mime_type, width, height, len(content))


def _read_header(content: bytes) -> tuple[str, int, int]:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            return MIME_BY_FORMAT[picture.format or ""], picture.width, picture.height
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, struct.error) as exc:
        is_cut = content[:4] == b"RIFF" and content[8:12] == b"WEBP" and not _is_whole_webp(content)
        raise UnacceptablePicture("truncated" if is_cut else "not_a_picture") from exc


def _is_whole(content: bytes, mime_type: str) -> bool:
    return {"image/png": _is_whole_png, "image/jpeg": _is_whole_jpeg, "image/webp": _is_whole_webp}[mime_type](content)


def _is_whole_png(content: bytes) -> bool:
    """Every chunk as long as it says, from the signature to IEND. Source: PNG specification, third edition, 5.3."""
    position, kind = 8, b""
    while kind != b"IEND":
        if position + 12 > len(content):
            return False
        length, kind = struct.unpack_from(">I4s", content, position)
        position += 12 + length
    return position <= len(content)


def _is_whole_jpeg(content: bytes) -> bool:
    """An end-of-image marker behind the start of the pixels; within them 0xFF is always followed by another byte."""
    return content.find(b"\xff\xd9", _first_scan(content)) >= 0


def _first_scan(content: bytes) -> int:
    """Where the pixels begin. A preview in the headers before has an end of its own. Source: ITU-T T.81, B.1.1."""
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF and content[position + 1] != 0xDA:
        is_fill = content[position + 1] == 0xFF
        position += 1 if is_fill else 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return position


def _is_whole_webp(content: bytes) -> bool:
    """As long as the RIFF header says. Source: RFC 9649, 2.3."""
    (declared,) = struct.unpack_from("<I", content, 4)
    return len(content) >= declared + 8


def has_transparency(png: bytes) -> bool:
    """Whether a whole PNG has an alpha channel or a transparent colour. Source: PNG specification, 11.2.1, 11.3.1.1."""
    has_alpha_channel = png[25] in (4, 6)
    return has_alpha_channel or b"tRNS" in png[: png.find(b"IDAT")]
