"""A picture surface: antialiased shapes, gradients, glows and shadows over one RGB image."""

from collections.abc import Iterable, Sequence
from math import ceil, floor
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .outlines import Outline
from .palettes import Colour

# Supersampled shapes are drawn in strips, so that a 3840x2160 picture never needs a 7680x4320 one.
STRIP_PX = 192


class Surface:
    """An RGB image of `width` x `height` pixels and the ways to paint on it."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.short, self.long = min(width, height), max(width, height)
        self.image = Image.new("RGB", (width, height))
        self.oversampling = 3 if width * height <= 2_000_000 else 2

    def gradient(self, *colours: Colour) -> None:
        """Fill the whole surface with `colours` from top to bottom, evenly spaced."""
        self.image.paste(_vertical(colours, (self.width, self.height)))

    def mesh(self, rows: Sequence[Sequence[Colour]]) -> None:
        """Fill the whole surface with a grid of colours melted into each other."""
        grid = Image.new("RGB", (len(rows[0]), len(rows)))
        for y, row in enumerate(rows):
            for x, colour in enumerate(row):
                grid.putpixel((x, y), colour)
        # One bicubic jump shows the grid's corners; two with a blur between do not.
        middle = grid.resize((96, 96), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(7))
        self.image.paste(middle.resize(self.image.size, Image.Resampling.BICUBIC))

    def paint(self, shapes: Iterable[tuple[Outline, Colour]]) -> None:
        """Draw opaque outlines in order, the later over the earlier."""
        placed = [(outline, colour, *_rows(outline)) for outline, colour in shapes]
        for top in range(0, self.height, STRIP_PX):
            bottom = min(self.height, top + STRIP_PX)
            seen = [(o, c) for o, c, first, last in placed if first < bottom and last > top]
            if seen:
                self._paint_strip(seen, top, bottom)

    def _paint_strip(self, shapes: list[tuple[Outline, Colour]], top: int, bottom: int) -> None:
        times = self.oversampling
        box = (0, top, self.width, bottom)
        size = (self.width * times, (bottom - top) * times)
        strip = self.image.crop(box).resize(size, Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(strip)
        for outline, colour in shapes:
            draw.polygon([(x * times, (y - top) * times) for x, y in outline], fill=colour)
        self.image.paste(strip.reduce(times), box)

    def fill(self, outline: Outline, *colours: Colour, opacity: float = 1.0) -> None:
        """Draw one outline in one colour, or in a gradient from its top to its bottom."""
        box = self._box(outline)
        if box is None:
            return
        size = (box[2] - box[0], box[3] - box[1])
        mask = self._mask(outline, box)
        if opacity < 1.0:
            mask = mask.point([round(level * opacity) for level in range(256)])
        self.image.paste(colours[0] if len(colours) == 1 else _vertical(colours, size), box, mask)

    def glow(self, cx: float, cy: float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """Lay a round light that fades to nothing at `radius`."""
        side = max(2, round(radius * 2))
        light = Image.radial_gradient("L").point([_falloff(level, opacity) for level in range(256)])
        left, top = round(cx - radius), round(cy - radius)
        box = (max(0, left), max(0, top), min(self.width, left + side), min(self.height, top + side))
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        scale = 256 / side
        part = (
            (box[0] - left) * scale,
            (box[1] - top) * scale,
            (box[2] - left) * scale,
            (box[3] - top) * scale,
        )
        size = (box[2] - box[0], box[3] - box[1])
        mask = light.resize(size, Image.Resampling.BICUBIC, box=part)
        self.image.paste(colour, box, mask)

    def shadow(self, outlines: Sequence[Outline], colour: Colour, blur_px: float, opacity: float) -> None:
        """Lay the blurred shape of `outlines` in `colour`; worked out at a fraction of the size."""
        share = min(1.0, 384 / self.long)
        mask = Image.new("L", (ceil(self.width * share), ceil(self.height * share)))
        draw = ImageDraw.Draw(mask)
        for outline in outlines:
            draw.polygon([(x * share, y * share) for x, y in outline], fill=round(255 * opacity))
        mask = mask.filter(ImageFilter.GaussianBlur(blur_px * share))
        self.image.paste(colour, (0, 0), mask.resize(self.image.size, Image.Resampling.BILINEAR))

    def mask(self, outline: Outline) -> Image.Image:
        """The outline as an antialiased "L" image of the surface's size."""
        whole = Image.new("L", self.image.size)
        box = self._box(outline)
        if box is not None:
            whole.paste(self._mask(outline, box), box)
        return whole

    def add_grain(self, rng: Random, strength: int = 2) -> None:
        """Add noise of `strength` levels: it hides the steps of 8-bit gradients."""
        levels = [128 + round((level / 255 * 2 - 1) * strength) for level in range(256)]
        noise = Image.frombytes("L", self.image.size, rng.randbytes(self.width * self.height)).point(levels)
        self.image = ImageChops.add(self.image, Image.merge("RGB", (noise, noise, noise)), offset=-128)

    def _box(self, outline: Outline) -> tuple[int, int, int, int] | None:
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        left, top = max(0, floor(min(xs))), max(0, floor(min(ys)))
        right, bottom = min(self.width, ceil(max(xs)) + 1), min(self.height, ceil(max(ys)) + 1)
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _mask(self, outline: Outline, box: tuple[int, int, int, int]) -> Image.Image:
        times = self.oversampling
        left, top, right, bottom = box
        mask = Image.new("L", (right - left, bottom - top))
        for start in range(top, bottom, STRIP_PX):
            end = min(bottom, start + STRIP_PX)
            strip = Image.new("L", ((right - left) * times, (end - start) * times))
            points = [((x - left) * times, (y - start) * times) for x, y in outline]
            ImageDraw.Draw(strip).polygon(points, fill=255)
            mask.paste(strip.reduce(times), (0, start - top))
        return mask


def _rows(outline: Outline) -> tuple[float, float]:
    ys = [y for _, y in outline]
    return min(ys), max(ys)


def _falloff(distance: int, opacity: float) -> int:
    # The built-in gradient reaches 255 beyond the inscribed circle; 180 is its edge.
    nearness = max(0.0, 1 - distance / 180)
    return round(255 * opacity * nearness * nearness * (3 - 2 * nearness))


def _vertical(colours: Sequence[Colour], size: tuple[int, int]) -> Image.Image:
    column = Image.new("RGB", (1, len(colours)))
    for y, colour in enumerate(colours):
        column.putpixel((0, y), colour)
    # Resized from centre to centre, so that the first and last colours sit on the edges.
    box = (0, 0.5, 1, len(colours) - 0.5) if len(colours) > 1 else None
    return column.resize((1, size[1]), Image.Resampling.BILINEAR, box=box).resize(size)
