"""Melting colours with one disc and its rings, in the manner of a poster."""

from random import Random

from ..outlines import circle, stroke
from ..palettes import Palette, mix
from ..surface import Surface


def draw_bloom(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw a field of melted colours, three soft lights, a disc in a gradient and rings around it."""
    surface.mesh(_field(palette, rng))
    for _ in range(3):
        x, y = rng.random() * surface.width, rng.random() * surface.height
        colour = rng.choice((*palette.accents, palette.tone(0.95)))
        surface.glow(x, y, surface.short * rng.uniform(0.35, 0.7), colour, rng.uniform(0.5, 0.85))
    x = surface.width * rng.uniform(0.34, 0.66)
    y = surface.height * rng.uniform(0.32, 0.5)
    radius = surface.short * rng.uniform(0.17, 0.27)
    _draw_rings(surface, palette, rng, x, y, radius)
    _draw_disc(surface, palette, rng, x, y, radius)


def _field(palette: Palette, rng: Random) -> list[list[tuple[int, int, int]]]:
    colours = [palette.tone(p) for p in (0.05, 0.2, 0.35, 0.5, 0.7, 0.9)] + [*palette.accents]
    weights = (2, 3, 3, 3, 2, 1, 1, 1)
    return [rng.choices(colours, weights, k=4) for _ in range(4)]


def _draw_rings(surface: Surface, palette: Palette, rng: Random, x: float, y: float, radius: float) -> None:
    width = max(1.0, surface.short * 0.0022)
    line = palette.tone(1.0)
    gap = radius * rng.uniform(0.16, 0.3)
    pieces = []
    for ring in range(1, rng.randint(4, 9)):
        pieces += stroke(circle(x, y, radius + gap * ring), width)
    surface.paint([(piece, mix(line, palette.tone(0.6), 0.25)) for piece in pieces])
    turn = rng.random()
    for ring in (1, 3):
        dot = circle(x, y, radius + gap * ring, turn * ring, turn * ring + 0.01)[0]
        surface.fill(circle(*dot, radius * 0.075), palette.accents[ring // 2])


def _draw_disc(surface: Surface, palette: Palette, rng: Random, x: float, y: float, radius: float) -> None:
    disc = circle(x, y, radius)
    fallen = circle(x + radius * 0.08, y + radius * 0.3, radius)
    surface.shadow([fallen], palette.tone(0.0), surface.short * 0.05, 0.55)
    colours = [palette.accents[0], mix(palette.accents[0], palette.accents[1], 0.5), palette.accents[1]]
    rng.shuffle(colours)
    surface.fill(disc, *colours)
    if rng.random() < 0.6:
        half = circle(x, y, radius, 0.25, 0.75) if rng.random() < 0.5 else circle(x, y, radius, 0.0, 0.5)
        surface.fill(half, palette.tone(1.0), palette.tone(0.8), opacity=0.9)
