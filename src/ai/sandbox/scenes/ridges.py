"""Ranges of dunes or mountains under a sun or a moon."""

import math
from random import Random

from ..outlines import Outline, circle, ring_point
from ..palettes import Colour, Palette, mix
from ..surface import Surface


def draw_ridges(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw a sky with its light and five to seven ranges that darken towards the viewer."""
    is_night = rng.random() < 0.4
    sky = [palette.tone(p) for p in ((0.0, 0.25, 0.6) if is_night else (0.55, 0.8, 1.0))]
    surface.gradient(*sky)
    if is_night:
        _scatter_stars(surface, palette, rng)
    horizon = surface.height * rng.uniform(0.44, 0.54)
    _hang_light(surface, palette, rng, horizon, is_night)
    _raise_ranges(surface, palette, rng, horizon, sky[-1])


def _scatter_stars(surface: Surface, palette: Palette, rng: Random) -> None:
    unit = surface.short / 1000
    stars = []
    for _ in range(110):
        x, y = rng.random() * surface.width, rng.random() ** 1.4 * surface.height * 0.5
        dim = mix(palette.tone(0.3), palette.tone(1.0), rng.uniform(0.4, 1.0))
        stars.append(([ring_point(x, y, unit * rng.uniform(0.9, 2.4), i / 6) for i in range(6)], dim))
    surface.paint(stars)


def _hang_light(surface: Surface, palette: Palette, rng: Random, horizon: float, is_night: bool) -> None:
    radius = surface.short * rng.uniform(0.075, 0.15)
    x, y = surface.width * rng.uniform(0.22, 0.78), horizon - radius * rng.uniform(0.6, 2.0)
    colour = palette.tone(1.0) if is_night else palette.accents[0]
    surface.glow(x, y, radius * 6, mix(colour, palette.tone(1.0), 0.5), 0.5)
    is_crescent = is_night and rng.random() < 0.6
    outline = _crescent(x, y, radius) if is_crescent else circle(x, y, radius)
    surface.fill(outline, mix(colour, palette.tone(1.0), 0.45), colour)


def _crescent(x: float, y: float, radius: float) -> Outline:
    """A lit half circle less the half ellipse that the terminator is, leaning a little."""
    lean = 0.06 * 2 * math.pi
    angles = [math.pi * (step / 60 - 0.5) for step in range(61)]
    limb = [(-math.cos(t), math.sin(t)) for t in angles]
    terminator = [(-0.5 * math.cos(t), math.sin(t)) for t in reversed(angles)]
    cosine, sine = radius * math.cos(lean), radius * math.sin(lean)
    return [(x + px * cosine - py * sine, y + px * sine + py * cosine) for px, py in limb + terminator]


def _raise_ranges(surface: Surface, palette: Palette, rng: Random, horizon: float, haze: Colour) -> None:
    count = rng.randint(5, 7)
    is_rocky = rng.random() < 0.5
    profile = _rocky if is_rocky else _rolling
    for layer in range(count):
        near = layer / (count - 1)
        base = horizon + (surface.height * 1.02 - horizon) * (near**1.25) * 0.86
        height = surface.short * (0.17 - 0.06 * near)
        top = mix(palette.tone(0.62 - 0.6 * near), haze, 0.45 * (1 - near) ** 1.2)
        foot = mix(mix(top, haze, 0.5 * (1 - near)), palette.tone(0.0), 0.35 * near)
        outline = _range_outline(surface, base, height, profile(rng, surface.width / surface.short))
        surface.fill(outline, top, mix(top, foot, 0.7), foot)


def _range_outline(surface: Surface, base: float, height: float, levels: list[float]) -> Outline:
    step = surface.width / (len(levels) - 1)
    skyline = [(i * step, base - height * level) for i, level in enumerate(levels)]
    bottom = surface.height + 2.0
    return [(-1.0, bottom), (-1.0, skyline[0][1]), *skyline, (surface.width + 1.0, bottom)]


def _rolling(rng: Random, breadth: float) -> list[float]:
    waves = [(0.62, rng.uniform(0.5, 0.9)), (0.28, rng.uniform(1.2, 1.9)), (0.06, rng.uniform(3.0, 4.2))]
    phases = [rng.random() for _ in waves]
    levels = []
    for i in range(241):
        x = breadth * i / 240
        terms = zip(waves, phases, strict=True)
        levels.append(sum(a * math.sin(2 * math.pi * (f * x + p)) for (a, f), p in terms))
    return levels


def _rocky(rng: Random, breadth: float) -> list[float]:
    """Midpoint displacement: each round halves the spacing and the roughness."""
    levels = [rng.uniform(-0.7, 1.0) for _ in range(3 + round(breadth * 1.5))]
    rough = 0.5
    while len(levels) < 400:
        between = [(a + b) / 2 + rng.uniform(-rough, rough) for a, b in zip(levels, levels[1:], strict=False)]
        levels = [v for pair in zip(levels, between, strict=False) for v in pair] + [levels[-1]]
        rough *= 0.52
    return levels
