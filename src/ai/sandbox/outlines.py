"""Outlines of shapes as lists of (x, y) points in pixels, y downwards."""

import math

Point = tuple[float, float]
Outline = list[Point]


def ring_point(cx: float, cy: float, radius: float, turn: float) -> Point:
    """The point at `turn` of a circle; turns run clockwise, 0.0 at the top, 1.0 a whole round."""
    angle = (turn - 0.25) * 2 * math.pi
    return cx + radius * math.cos(angle), cy + radius * math.sin(angle)


def circle(cx: float, cy: float, radius: float, start: float = 0.0, end: float = 1.0) -> Outline:
    """A circle, or the arc of it from turn `start` to turn `end`, both ends included."""
    steps = max(8, int(90 * abs(end - start)))
    return [ring_point(cx, cy, radius, start + (end - start) * step / steps) for step in range(steps + 1)]


def star(cx: float, cy: float, radius: float, points: int, waist: float, turn: float = 0.0) -> Outline:
    """A star whose inner corners lie at `radius * waist`; `turn` rotates it."""
    radii = (radius, radius * waist)
    return [ring_point(cx, cy, radii[i % 2], turn + i / (2 * points)) for i in range(2 * points)]


def petal(cx: float, cy: float, inner: float, outer: float, turn: float, spread: float) -> Outline:
    """A pointed leaf along the ray at `turn`, from radius `inner` to `outer`, `spread` turns wide."""
    sides: tuple[Outline, Outline] = ([], [])
    for step in range(17):
        along = step / 16
        half = spread / 2 * math.sin(math.pi * along**1.35) ** 0.8
        radius = inner + (outer - inner) * along
        sides[0].append(ring_point(cx, cy, radius, turn - half))
        sides[1].append(ring_point(cx, cy, radius, turn + half))
    return sides[0] + sides[1][::-1]


def arch(cx: float, floor: float, half_width: float, height: float) -> Outline:
    """A pointed arch standing on `floor`, `height` from the floor to its tip."""
    radius = half_width * 1.3
    centre = radius - half_width
    rise = math.sqrt(radius**2 - centre**2)
    spring = floor - max(0.0, height - rise)
    squeeze = min(1.0, height / rise)
    sweep = math.acos(centre / radius)
    right = []
    for step in range(25):
        angle = sweep * step / 24
        x = -centre + radius * math.cos(angle)
        right.append((x, spring - radius * math.sin(angle) * squeeze))
    left = [(cx - x, y) for x, y in reversed(right)]
    return [(cx + half_width, floor), *((cx + x, y) for x, y in right), *left, (cx - half_width, floor)]


def squircle(cx: float, cy: float, half_width: float, half_height: float) -> Outline:
    """A rectangle rounded all along its sides: a superellipse of degree four."""
    outline = []
    for step in range(361):
        x, y = ring_point(0, 0, 1, step / 360)
        stretch = (x**4 + y**4) ** -0.25
        outline.append((cx + half_width * x * stretch, cy + half_height * y * stretch))
    return outline


def scalloped(cx: float, cy: float, radius: float, lobes: int) -> Outline:
    """A disc whose edge is a row of `lobes` bows."""
    turns = [step / 720 for step in range(721)]
    bows = [radius * (0.92 + 0.08 * abs(math.sin(math.pi * lobes * turn)) ** 0.8) for turn in turns]
    return [ring_point(cx, cy, bow, turn) for bow, turn in zip(bows, turns, strict=True)]


def rectangle(left: float, top: float, right: float, bottom: float) -> Outline:
    """An upright rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def stroke(outline: Outline, width: float) -> list[Outline]:
    """The segments of an open path as quadrilaterals `width` wide; repeat the first point to close it."""
    pieces = []
    for (x1, y1), (x2, y2) in zip(outline, outline[1:], strict=False):
        length = math.hypot(x2 - x1, y2 - y1)
        if length:
            dx, dy = (y1 - y2) / length * width / 2, (x2 - x1) / length * width / 2
            pieces.append([(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)])
    return pieces
