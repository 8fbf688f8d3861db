"""Silk-like folds: many narrow bands between flowing curves."""

import math
from collections.abc import Callable
from random import Random

from ..palettes import Colour, Palette, mix
from ..surface import Surface

Curve = Callable[[float], float]


def draw_ribbons(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw folds of cloth that cross the picture, each a run of bands from shadow to light."""
    is_dark = rng.random() < 0.5
    surface.gradient(*(palette.tone(p) for p in ((0.0, 0.15, 0.3) if is_dark else (1.0, 0.9, 0.75))))
    glow = palette.accents[0] if is_dark else palette.tone(1.0)
    surface.glow(surface.width * rng.random(), surface.height * 0.2, surface.long * 0.6, glow, 0.35)
    folds = rng.randint(3, 4)
    curves = [_curve(rng, (i + 0.9) / (folds + 0.9)) for i in range(folds + 1)]
    for index in range(folds):
        _draw_fold(surface, palette, rng, curves[index], curves[index + 1], index)


def _curve(rng: Random, level: float) -> Curve:
    slow, quick = rng.uniform(0.35, 0.7), rng.uniform(0.9, 1.5)
    phases = rng.random(), rng.random()
    swing = rng.uniform(0.07, 0.14)
    slope = rng.uniform(-0.14, 0.14)

    def height(x: float) -> float:
        wave = math.sin(2 * math.pi * (slow * x + phases[0]))
        ripple = math.sin(2 * math.pi * (quick * x + phases[1]))
        return level + slope * (x - 0.5) + swing * (wave + 0.4 * ripple)

    return height


def _draw_fold(surface: Surface, palette: Palette, rng: Random, above: Curve, below: Curve, index: int) -> None:
    upper = _trace(surface, above)
    # The lower edge crosses the next fold's upper edge, so that the folds overlap.
    lower = [(x, y + surface.height * 0.16) for x, y in _trace(surface, below)]
    rim = [*upper, *reversed(lower)]
    surface.shadow([[(x, y - surface.height * 0.02) for x, y in rim]], palette.tone(0.0), surface.short * 0.03, 0.5)
    colours = _sheen(palette, rng, index)
    bands = []
    for band, colour in enumerate(colours):
        share = band / len(colours)
        edge = [(x, y + (low - y) * share) for (x, y), (_, low) in zip(upper, lower, strict=True)]
        bands.append(([*edge, *reversed(lower)], colour))
    surface.paint(bands)


def _trace(surface: Surface, curve: Curve) -> list[tuple[float, float]]:
    steps = 110
    return [((i / steps) * (surface.width + 4) - 2, curve(i / steps) * surface.height) for i in range(steps + 1)]


def _sheen(palette: Palette, rng: Random, index: int) -> list[Colour]:
    count = rng.randint(22, 30)
    accent = palette.accents[index % 2] if rng.random() < 0.6 else palette.tone(0.5)
    start, end = rng.uniform(0.75, 1.0), rng.uniform(0.1, 0.3)
    colours = []
    for band in range(count):
        share = band / (count - 1)
        light = palette.tone(start + (end - start) * share**0.8)
        colours.append(mix(light, accent, 0.6 * math.sin(math.pi * share) ** 1.5))
    return colours
