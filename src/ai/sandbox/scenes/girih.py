"""Star-and-cross tile work, as on the walls of Kashan and Takht-e Soleyman."""

import math
from random import Random

from ..outlines import Outline, Point, circle, rectangle, star
from ..palettes import Colour, Palette, mix
from ..surface import Surface

# The inner corners of an {8/2} star lie at this share of its radius.
WAIST = math.cos(math.pi / 4) / math.cos(math.pi / 8)
Shape = tuple[Outline, Colour]


def draw_girih(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw a wall of eight-pointed stars and crosses, coloured by distance from one bright place."""
    side = surface.short / rng.uniform(3.4, 6.2)
    lean = rng.choice((0.0, 0.0, 0.125, rng.uniform(0.02, 0.1)))
    focus = (surface.width * rng.uniform(0.15, 0.85), surface.height * rng.uniform(0.1, 0.6))
    grout = mix(palette.tone(1.0), palette.accents[0], 0.25)
    surface.gradient(palette.tone(0.0))
    tiles: list[Shape] = []
    cells = _cells(surface, side, lean)
    for x, y in cells:
        tiles += _cross(x, y, side, lean, _shade(palette, rng, surface, focus, (x, y)), palette)
    centres = [_turned(x, y, side / 2 * math.sqrt(2), lean + 0.125) for x, y in cells]
    tiles += [(star(x, y, side * 0.53, 8, WAIST, lean), grout) for x, y in centres]
    for x, y in centres:
        tiles += _star(x, y, side * 0.485, lean, palette, rng)
    surface.paint(tiles)
    surface.glow(*focus, surface.long * 0.75, palette.tone(1.0), 0.22)
    _darken_far_corners(surface, palette, focus)


def _cells(surface: Surface, side: float, lean: float) -> list[Point]:
    reach = math.ceil(math.hypot(surface.width, surface.height) / side / 2) + 1
    cosine, sine = math.cos(lean * 2 * math.pi), math.sin(lean * 2 * math.pi)
    cells = []
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            x = surface.width / 2 + side * (column * cosine - row * sine)
            y = surface.height / 2 + side * (column * sine + row * cosine)
            if -side < x < surface.width + side and -side < y < surface.height + side:
                cells.append((x, y))
    return cells


def _turned(x: float, y: float, distance: float, turn: float) -> Point:
    angle = turn * 2 * math.pi
    return x + distance * math.cos(angle), y + distance * math.sin(angle)


def _shade(palette: Palette, rng: Random, surface: Surface, focus: Point, place: Point) -> Colour:
    far = math.dist(focus, place) / surface.long
    return palette.tone(0.66 - 0.62 * min(1.0, far) + rng.uniform(-0.07, 0.07))


def _cross(x: float, y: float, side: float, lean: float, colour: Colour, palette: Palette) -> list[Shape]:
    diagonal = side / 2 * math.sqrt(2)
    square = [_turned(x, y, diagonal * 1.02, lean + 0.125 + i / 4) for i in range(4)]
    lighter, darker = mix(colour, palette.tone(1.0), 0.35), mix(colour, palette.tone(0.0), 0.35)
    return [
        (square, colour),
        (star(x, y, side * 0.30, 4, 0.42, lean), darker),
        (star(x, y, side * 0.22, 4, 0.42, lean), lighter),
        (star(x, y, side * 0.10, 4, 0.5, lean), colour),
    ]


def _star(x: float, y: float, radius: float, lean: float, palette: Palette, rng: Random) -> list[Shape]:
    face = mix(palette.tone(1.0), palette.tone(0.7), rng.uniform(0.0, 0.5))
    heart = palette.accents[0] if rng.random() < 0.72 else palette.accents[1]
    return [
        (star(x, y, radius, 8, WAIST, lean), face),
        (star(x, y, radius * 0.80, 8, WAIST, lean), palette.tone(0.18)),
        (star(x, y, radius * 0.72, 8, WAIST, lean), mix(face, palette.tone(0.5), 0.55)),
        (star(x, y, radius * 0.60, 8, 0.52, lean + 1 / 16), palette.tone(0.08)),
        (star(x, y, radius * 0.52, 8, 0.5, lean + 1 / 16), heart),
        (circle(x, y, radius * 0.17), palette.tone(1.0)),
        (circle(x, y, radius * 0.10), palette.tone(0.08)),
    ]


def _darken_far_corners(surface: Surface, palette: Palette, focus: Point) -> None:
    for x, y in rectangle(0, 0, surface.width, surface.height):
        far = math.dist((x, y), focus) / surface.long
        surface.glow(x, y, surface.long * 0.6, palette.tone(0.0), min(0.55, far * 0.5))
