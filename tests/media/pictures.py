"""Pictures of every awkward kind, made here."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SCRIPT = b"<html><body><script>document.title='ran';alert(1)</script></body></html>"


def encode(picture: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def gradient(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """Red grows to the right, green downwards."""
    ramp = Image.linear_gradient("L").resize(size)
    bands = (ramp.transpose(Image.Transpose.ROTATE_90).resize(size), ramp, Image.new("L", size, 90))
    return Image.merge("RGB", bands).convert(mode)


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 90) for _ in range(3)])


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return PNG_SIGNATURE + b"".join(parts)


def header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


def zeros(count: int) -> bytes:
    """`count` zero bytes, deflated without holding them."""
    packer, block = zlib.compressobj(9), bytes(1024 * 1024)
    packed = b"".join(packer.compress(block) for _ in range(count // len(block)))
    return packed + packer.compress(bytes(count % len(block))) + packer.flush()


def flat_png(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A black picture of any size: 100 million pixels are some hundred kilobytes."""
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    rows = height * (1 + width * samples * depth // 8)
    return png(header(width, height, depth=depth, colour=colour), (b"IDAT", zeros(rows)), (b"IEND", b""))


def with_chunk(content: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk right behind its header."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return content[:33] + chunk + content[33:]


def animation(format: str, frames: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """Every frame differs from the one before, so that none is merged into it."""
    pictures = [Image.new("RGB", size, (index % 256, index // 256, 60)) for index in range(frames)]
    return encode(pictures[0], format, save_all=True, append_images=pictures[1:], duration=20)


def apng_claiming(frames: int) -> bytes:
    content = animation("PNG", 3)
    position = content.index(b"acTL")
    body = struct.pack(">II", frames, 0)
    return content[: position + 4] + body + struct.pack(">I", zlib.crc32(b"acTL" + body)) + content[position + 16 :]


def png_and_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", SCRIPT)
    return encode(gradient((64, 48)), "PNG") + out.getvalue()


def jpeg_and_html() -> bytes:
    """A JPEG whose comment is a page with a script, which sniffing browsers once ran."""
    content = encode(gradient((64, 48)), "JPEG", comment=b"*/--></script>" + SCRIPT)
    return content + SCRIPT


def jpeg_and_script() -> bytes:
    return encode(gradient((64, 48)), "JPEG", comment=b"*/=1;document.title='ran';alert(1);/*")


def png_and_html() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SCRIPT.decode())
    return encode(gradient((64, 48)), "PNG", pnginfo=info) + SCRIPT


def jpeg_with_exif(**tags: Any) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    exif[0x0112] = tags.get("orientation", 1)
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 21.0)
    return encode(tags.get("picture") or gradient((64, 48)), "JPEG", exif=exif, comment=b"a comment", quality=95)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
