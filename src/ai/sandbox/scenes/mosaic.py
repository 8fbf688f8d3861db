"""A wall of square tiles, each with one bold figure."""

from random import Random

from ..outlines import Outline, circle, petal, rectangle, star
from ..palettes import Colour, Palette
from ..surface import Surface

Shape = tuple[Outline, Colour]


def draw_mosaic(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw tiles of quarter rounds, leaves, halves, rings and stars, with a little light over them."""
    columns = max(1, round(surface.width / surface.short * rng.choice((4, 5, 6))))
    side = surface.width / columns
    rows = int(surface.height / side) + 1
    shapes: list[Shape] = []
    above: list[Colour] = []
    for row in range(rows):
        line: list[Colour] = []
        for column in range(columns):
            neighbours = [*line[-1:], *above[column : column + 1]]
            ground, figure, spot = _colours(palette, rng, neighbours)
            line.append(ground)
            shapes += _tile(rng, column * side, row * side, side, ground, figure, spot)
        above = line
    surface.paint(shapes)
    x, y = surface.width * rng.uniform(0.1, 0.9), 0.0
    surface.glow(x, y, surface.long * 0.9, palette.tone(1.0), 0.2)
    surface.glow(surface.width - x, surface.height, surface.long * 0.8, palette.tone(0.0), 0.35)


def _colours(palette: Palette, rng: Random, neighbours: list[Colour]) -> list[Colour]:
    """Three different colours, the first unlike the grounds of the neighbouring tiles."""
    pool = [*palette.tones, *palette.accents]
    grounds = [colour for colour in pool if colour not in neighbours]
    ground = rng.choice(grounds)
    return [ground, *rng.sample([colour for colour in pool if colour != ground], k=2)]


def _tile(rng: Random, x: float, y: float, side: float, ground: Colour, figure: Colour, spot: Colour) -> list[Shape]:
    square = (rectangle(x, y, x + side, y + side), ground)
    draw = rng.choice((_quarters, _quarters, _leaf, _halves, _ring, _flower, _star))
    return [square, *draw(rng, x, y, side, figure, spot)]


def _quarters(rng: Random, x: float, y: float, side: float, figure: Colour, spot: Colour) -> list[Shape]:
    corner = rng.randrange(4)
    cx, cy = x + side * (corner in (1, 2)), y + side * (corner in (2, 3))
    start = (0.25, 0.5, 0.75, 0.0)[corner]
    shapes = []
    for share, colour in ((1.0, figure), (0.62, spot), (0.28, figure)):
        shapes.append(([(cx, cy), *circle(cx, cy, side * share, start, start + 0.25)], colour))
    return shapes


def _leaf(rng: Random, x: float, y: float, side: float, figure: Colour, spot: Colour) -> list[Shape]:
    if rng.random() < 0.5:
        near, far = circle(x, y + side, side, 0.0, 0.25), circle(x + side, y, side, 0.5, 0.75)
    else:
        near, far = circle(x, y, side, 0.25, 0.5), circle(x + side, y + side, side, 0.75, 1.0)
    return [([*near, *far], figure), (circle(x + side / 2, y + side / 2, side * 0.13), spot)]


def _halves(rng: Random, x: float, y: float, side: float, figure: Colour, spot: Colour) -> list[Shape]:
    middle = x + side / 2
    start = rng.choice((0.25, 0.75))
    bases = (y, y + side / 2) if start == 0.25 else (y + side / 2, y + side)
    colours = (figure, spot)
    pairs = zip(bases, colours, strict=True)
    return [(circle(middle, base, side / 2, start, start + 0.5), colour) for base, colour in pairs]


def _ring(rng: Random, x: float, y: float, side: float, figure: Colour, spot: Colour) -> list[Shape]:
    cx, cy = x + side / 2, y + side / 2
    turn = rng.choice((0.0, 0.25, 0.5, 0.75))
    return [
        (circle(cx, cy, side * 0.5), figure),
        (circle(cx, cy, side * 0.3), spot),
        (circle(cx, cy, side * 0.3, turn, turn + 0.5), figure),
    ]


def _flower(rng: Random, x: float, y: float, side: float, figure: Colour, spot: Colour) -> list[Shape]:
    cx, cy = x + side / 2, y + side / 2
    turn = rng.choice((0.0, 0.125))
    reach = side * (0.5 if turn == 0.0 else 0.66)
    leaves = [(petal(cx, cy, 0, reach, turn + i / 4, 0.21), figure) for i in range(4)]
    return [*leaves, (circle(cx, cy, side * 0.1), spot)]


def _star(rng: Random, x: float, y: float, side: float, figure: Colour, spot: Colour) -> list[Shape]:
    cx, cy = x + side / 2, y + side / 2
    return [
        (star(cx, cy, side * 0.5, 8, 0.7654, rng.choice((0.0, 1 / 16))), figure),
        (star(cx, cy, side * 0.3, 8, 0.7654), spot),
    ]
