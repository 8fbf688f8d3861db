"""Pictures decoded and made smaller. Runs in a child process, so it imports no Django."""

import io
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageCms

from src.media.inspection import FORMATS, PictureFacts, UnacceptablePicture, inspect_picture
from src.media.provenance import xmp_packet

MAX_FRAMES = 300
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "webp": {"quality": 80, "method": 4},
    "avif": {"quality": 60, "speed": 8, "max_threads": 1},
}
MARGIN = 2
"""How much larger than wanted a picture still is after the cheap ways of making it smaller."""

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# What an EXIF orientation asks for. Source: EXIF 2.32, 4.6.4, tag 274.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class RenderedFacts:
    width: int
    height: int
    size_bytes: int


def examine(path: str) -> PictureFacts:
    """What a whole file turns out to be when its first frame is really decoded.

    Raises UnacceptablePicture, with further reasons that decoding finds (too_many_frames, not_decodable), or
    MemoryError.
    """
    content = Path(path).read_bytes()
    facts = inspect_picture(content)
    with closing(_open(content)) as picture:
        _decode(picture)
    return facts


def render(source: str, target: str, size: int, format: str, digital_source_type: str = "") -> RenderedFacts:
    """Write the picture at `source` to `target`: upright, sRGB, longest edge at most `size` px, no metadata.

    `digital_source_type`, an IPTC term, is the one statement that goes in. Raises as `examine`.
    """
    content = Path(source).read_bytes()
    inspect_picture(content)
    with closing(_open(content)) as picture:
        # A JPEG can be decoded at a half, a quarter or an eighth of its size.
        picture.draft(None, (size * MARGIN, size * MARGIN))
        _decode(picture)
        small = _shrink(_with_plain_pixels(picture), size)
        small = _to_srgb(small, picture.info.get("icc_profile"))
        small = _upright(small, picture)
    extra = {"xmp": xmp_packet(digital_source_type)} if digital_source_type else {}
    small.info = {}
    small.save(target, format, **SAVE_OPTIONS[format], **extra)
    return RenderedFacts(small.width, small.height, Path(target).stat().st_size)


def _open(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content), formats=FORMATS)
    if getattr(picture, "n_frames", 1) > MAX_FRAMES:
        picture.close()
        raise UnacceptablePicture("too_many_frames")
    return picture


def _decode(picture: Image.Image) -> None:
    try:
        picture.load()
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001 (decoders raise whatever they like; all of it means a broken file)
        text = str(exc)
        if "out of memory" in text:
            raise MemoryError from exc
        raise UnacceptablePicture("truncated" if "truncated" in text else "not_decodable") from exc


def _with_plain_pixels(picture: Image.Image) -> Image.Image:
    """Modes that can be averaged: palettes and colour keys resolved, 16 bits made 8."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode == "1":
        return picture.convert("L")
    if "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode == "P":
        return picture.convert("RGB")
    return picture


def _shrink(picture: Image.Image, size: int) -> Image.Image:
    longest = max(picture.size)
    if longest <= size:
        return picture
    wanted = (max(1, round(picture.width * size / longest)), max(1, round(picture.height * size / longest)))
    factor = longest // (size * MARGIN)
    if factor > 1:
        picture = picture.reduce(factor)
    return picture.resize(wanted, Image.Resampling.LANCZOS)


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB, or RGBA where there is transparency; a profile that cannot be used is as good as none."""
    alpha = picture.getchannel("A") if "A" in picture.getbands() else None
    colours = picture.convert({"LA": "L", "RGBA": "RGB"}[picture.mode]) if alpha else picture
    converted = _by_profile(colours, profile) if profile else None
    converted = converted or colours.convert("RGB")
    if alpha:
        converted.putalpha(alpha)
    return converted


def _by_profile(picture: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, found, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _upright(small: Image.Image, picture: Image.Image) -> Image.Image:
    try:
        turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 (EXIF that cannot be read turns nothing)
        return small
    return small if turn is None else small.transpose(turn)
