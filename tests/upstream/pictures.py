"""Pictures that the played providers answer with, and the odd ones that a test hands them."""

import base64
import io
import math
import os
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}
SAVE_OPTIONS = {"png": {"compress_level": 1}, "jpeg": {"quality": 80}, "webp": {"method": 0, "quality": 60}}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Sketch:
    """What one answer's pictures are made of: drawn as asked, unless a switch gave something else."""

    picture: bytes | None = None
    b64: str | None = None
    count: int | None = None

    def count_of(self, asked: int) -> int:
        return asked if self.count is None else self.count

    def bytes_of(self, size: tuple[int, int], fmt: str, index: int = 0, *, transparent: bool = False) -> bytes:
        if self.picture is not None:
            return self.picture
        return draw(size, fmt, index, transparent=transparent)

    def b64_of(self, size: tuple[int, int], fmt: str, index: int = 0, *, transparent: bool = False) -> str:
        if self.b64 is not None:
            return self.b64
        return base64.b64encode(self.bytes_of(size, fmt, index, transparent=transparent)).decode()


@lru_cache(maxsize=128)
def draw(size: tuple[int, int], fmt: str, index: int = 0, *, transparent: bool = False) -> bytes:
    """A flat picture with one bar whose colour and height differ for each index."""
    if fmt == "svg":
        return svg_bytes(*size, index=index)
    width, height = size
    picture = Image.new("RGBA" if transparent else "RGB", size, (40, 90, 160, 0) if transparent else (40, 90, 160))
    bar = (0, 0, width, max(1, height * (index % 10 + 1) // 12))
    picture.paste((230, 25 * (index % 10), 60) + ((255,) if transparent else ()), bar)
    out = io.BytesIO()
    picture.save(out, fmt, **SAVE_OPTIONS[fmt])
    return out.getvalue()


def png_with_header(width: int, height: int) -> bytes:
    """A PNG of under 100 bytes whose header declares any size, such as 60000x60000."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            PNG_SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(b"\0" * 64)),
            _chunk(b"IEND", b""),
        )
    )


def large_png(mb: float) -> bytes:
    """A valid PNG of about `mb` million bytes: noise, stored uncompressed."""
    side = math.isqrt(int(mb * 1_000_000) // 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(out, "png", compress_level=0)
    return out.getvalue()


def svg_bytes(width: int = 64, height: int = 64, *, index: int = 0) -> bytes:
    """An SVG that carries a script, as a hostile one would."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="100%" height="{10 + index}" fill="#c33"/><script>alert(1)</script></svg>'
    ).encode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
