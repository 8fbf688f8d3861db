"""One picture from a prompt and a seed, with nothing but this machine."""

import hashlib
from random import Random

from PIL import Image, ImageChops

from .encoding import FORMATS, encode_picture
from .labels import add_labels
from .outlines import Outline, arch, scalloped, squircle, star
from .palettes import pick_palette
from .scenes import SCENES
from .surface import Surface


def draw_picture(
    *,
    prompt: str,
    seed: int,
    width_px: int,
    height_px: int,
    output_format: str,
    background: str = "auto",
    quality: int | None = None,
) -> bytes:
    """Draw a picture that depends on nothing but the arguments and the versions of the libraries.

    It is marked SANDBOX and carries the prompt. `output_format` is "png", "jpeg" or "webp"; `background`
    "transparent" gives png and webp an alpha channel and is ignored for jpeg; `quality`, 1 to 100, is
    for jpeg and webp. Raises ValueError for another format.
    """
    if output_format not in FORMATS:
        raise ValueError(f"unknown output format: {output_format!r}")
    digest = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest()
    rng = Random(digest + str(seed).encode())  # noqa: S311 - a picture, not a secret
    surface = Surface(width_px, height_px)
    # Counting on from the prompt's own place makes pictures with neighbouring seeds differ in kind.
    place = int.from_bytes(digest[:4]) + seed
    SCENES[place % len(SCENES)](surface, pick_palette(place * 5 + digest[4], rng), rng)
    surface.add_grain(rng)
    labelled = add_labels(surface.image, prompt)
    image = labelled.image
    if background == "transparent" and output_format != "jpeg":
        image = _cut_out(image, surface.mask(_vignette(surface, rng)), labelled.labelled)
    return encode_picture(image, output_format, quality)


def _vignette(surface: Surface, rng: Random) -> Outline:
    """The shape that is left of a picture over transparency."""
    x, y = surface.width / 2, surface.height / 2
    if surface.long > surface.short * 1.25:
        return squircle(x, y, x * 0.94, y * 0.94)
    radius = surface.short * 0.47
    shapes = (
        squircle(x, y, radius, radius),
        scalloped(x, y, radius, 12),
        star(x, y, radius, 8, 0.7654),
        arch(x, y + radius, radius * 0.84, radius * 2),
    )
    return rng.choice(shapes)


def _cut_out(image: Image.Image, shape: Image.Image, labelled: Image.Image) -> Image.Image:
    alpha = ImageChops.lighter(shape, labelled)
    # What is not seen is black: it would otherwise be stored, and shown by a reader without alpha.
    image.paste((0, 0, 0), (0, 0), alpha.point([255] + [0] * 255))
    image.putalpha(alpha)
    return image
