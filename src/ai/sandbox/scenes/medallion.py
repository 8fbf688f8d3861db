"""A carpet: a medallion in the middle and a quarter of it in each corner (lachak-toranj)."""

from random import Random

from ..outlines import Outline, circle, petal, rectangle, ring_point
from ..palettes import Colour, Palette, mix
from ..surface import Surface

Shape = tuple[Outline, Colour]


def draw_medallion(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw a field with a border, one large rosette and four in the corners."""
    is_light = rng.random() < 0.4
    field = palette.tone(0.95 if is_light else 0.1)
    surface.gradient(field)
    x, y = surface.width / 2, surface.height / 2
    surface.glow(x, y, surface.long * 0.7, palette.tone(1.0 if is_light else 0.35), 0.7)
    folds = rng.choice((8, 12, 16, 20))
    shapes = _dots(surface, palette, is_light)
    for corner in rectangle(0, 0, surface.width, surface.height):
        # A fresh Random for each, so that the four corners are alike.
        alike = Random(folds)  # noqa: S311 - a picture, not a secret
        shapes += _rosette(palette, alike, *corner, surface.short * 0.3, folds, is_light)
    surface.paint(shapes)
    radius = surface.short * rng.uniform(0.36, 0.41)
    surface.shadow([circle(x, y + radius * 0.05, radius)], palette.tone(0.0), radius * 0.12, 0.45)
    surface.paint(_rosette(palette, rng, x, y, radius, folds, is_light))
    surface.glow(x - radius * 0.4, y - radius * 0.5, radius * 1.6, palette.tone(1.0), 0.16)
    surface.paint(_border(surface, palette))


def _rosette(
    palette: Palette, rng: Random, x: float, y: float, radius: float, folds: int, is_light: bool
) -> list[Shape]:
    tones = [palette.tone(p) for p in (0.15, 0.75, 0.3, 0.95, 0.5)]
    if is_light:
        tones = tones[1:] + tones[:1]
    ground, *rings = rng.sample(tones, k=5)
    shapes: list[Shape] = [(circle(x, y, radius * 0.86), ground)]
    step = rng.uniform(0.15, 0.23)
    reaches = [1.0 - step * index for index in range(4)]
    for index, (reach, colour) in enumerate(zip(reaches, rings, strict=True)):
        accent = palette.accents[index % 2]
        shapes += _petals(x, y, radius * reach, folds, index % 2 / (2 * folds), colour, accent)
    heart = palette.accents[0]
    shapes += [(circle(x, y, radius * 0.16), palette.tone(0.05)), (circle(x, y, radius * 0.125), heart)]
    shapes += [(petal(x, y, 0, radius * 0.11, i / 8, 0.09), palette.tone(1.0)) for i in range(8)]
    return shapes


def _petals(x: float, y: float, radius: float, folds: int, shift: float, colour: Colour, accent: Colour) -> list[Shape]:
    edge = mix(colour, (255, 255, 255), 0.55)
    core = mix(colour, (0, 0, 0), 0.3)
    shapes: list[Shape] = []
    for i in range(folds):
        turn = i / folds + shift
        shapes.append((petal(x, y, radius * 0.35, radius, turn, 1.0 / folds), edge))
        shapes.append((petal(x, y, radius * 0.38, radius * 0.965, turn, 0.86 / folds), colour))
        shapes.append((petal(x, y, radius * 0.55, radius * 0.9, turn, 0.46 / folds), core))
        shapes.append((circle(*ring_point(x, y, radius * 0.8, turn), radius * 0.018), accent))
    return shapes


def _dots(surface: Surface, palette: Palette, is_light: bool) -> list[Shape]:
    """A lattice of small lozenges on the field."""
    gap = surface.short / 22
    colour = palette.tone(0.75 if is_light else 0.28)
    shapes = []
    for row in range(int(surface.height / gap) + 2):
        for column in range(int(surface.width / gap) + 2):
            x, y, arm = (column + row % 2 / 2) * gap, row * gap, gap * 0.13
            shapes.append(([(x - arm, y), (x, y - arm), (x + arm, y), (x, y + arm)], colour))
    return shapes


def _border(surface: Surface, palette: Palette) -> list[Shape]:
    """Three frames inside each other, drawn as bars so that the middle stays as it is."""
    shapes: list[Shape] = []
    unit = surface.short
    bands = (
        (0.0, 0.03, palette.tone(0.05)),
        (0.03, 0.036, palette.accents[0]),
        (0.044, 0.047, palette.tone(0.9)),
    )
    for start, end, colour in bands:
        a, b, w, h = unit * start, unit * end, surface.width, surface.height
        shapes += [
            (rectangle(a, a, w - a, b), colour),
            (rectangle(a, h - b, w - a, h - a), colour),
            (rectangle(a, a, b, h - a), colour),
            (rectangle(w - b, a, w - a, h - a), colour),
        ]
    return shapes
