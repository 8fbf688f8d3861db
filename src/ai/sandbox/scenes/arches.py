"""Pointed arches one behind the other, with a sky at the end of the passage."""

from random import Random

from ..outlines import arch, circle, rectangle
from ..palettes import Palette, mix
from ..surface import Surface


def draw_arches(surface: Surface, palette: Palette, rng: Random) -> None:
    """Draw a passage of four to six arches that grow lighter, or darker, towards its end."""
    count = rng.randint(4, 6)
    is_deepening = rng.random() < 0.35
    middle = surface.width * (0.5 if rng.random() < 0.6 else rng.uniform(0.42, 0.58))
    floor = surface.height * rng.uniform(0.82, 0.88)
    wall = palette.tone(0.95 if is_deepening else 0.12)
    surface.gradient(mix(wall, palette.tone(0.5), 0.12), wall)
    widest = min(surface.width * rng.choice((0.44, 0.3, 0.26)), surface.height * 0.47)
    tallest = floor * (0.93 if widest > surface.width * 0.4 else rng.uniform(0.74, 0.93))
    _build_side_niches(surface, palette, middle, floor, widest, is_deepening)
    for step in range(count):
        share = 1 - 0.72 * step / (count - 1) ** 0.97
        depth = (step + 1) / count
        tone = 0.92 - 0.72 * depth if is_deepening else 0.14 + 0.62 * depth
        _cut_arch(surface, palette, middle, floor, widest * share, tallest * share**0.8, tone)
    share = 1 - 0.72 * (count - 1) / (count - 1) ** 0.97
    _open_sky(surface, palette, rng, middle, floor, widest * share * 0.82, tallest * share**0.8 * 0.85)
    _lay_floor(surface, palette, middle, floor, widest, is_deepening)


def _cut_arch(
    surface: Surface, palette: Palette, x: float, floor: float, half: float, height: float, tone: float
) -> None:
    outline = arch(x, floor, half, height)
    surface.shadow([outline], palette.tone(0.0), surface.short * 0.03, 0.55)
    rim = surface.short * 0.006
    surface.fill(arch(x, floor, half + rim, height + rim * 1.3), mix(palette.tone(tone), palette.tone(1.0), 0.5))
    surface.fill(outline, palette.tone(tone + 0.08), palette.tone(tone - 0.08))


def _build_side_niches(
    surface: Surface, palette: Palette, x: float, floor: float, widest: float, is_deepening: bool
) -> None:
    half, gap = widest * 0.34, widest * 0.2
    offset = widest + gap + half
    while offset - half < surface.width:
        for side in (-1, 1):
            tone = 0.7 if is_deepening else 0.26
            for shrink, lift in ((1.0, 0.0), (0.8, 0.1), (0.6, 0.2)):
                shade = tone - lift if is_deepening else tone + lift
                place = x + side * offset
                _cut_arch(surface, palette, place, floor, half * shrink, floor * 0.62 * shrink**0.8, shade)
        offset += 2 * half + gap


def _open_sky(
    surface: Surface, palette: Palette, rng: Random, x: float, floor: float, half: float, height: float
) -> None:
    opening = arch(x, floor, half, height)
    surface.shadow([opening], palette.tone(1.0), surface.short * 0.05, 0.5)
    surface.fill(opening, palette.tone(0.75), palette.tone(1.0))
    radius = half * rng.uniform(0.34, 0.5)
    sun_y = floor - height * rng.uniform(0.36, 0.5)
    surface.glow(x, sun_y, radius * 3, palette.accents[0], 0.5)
    surface.fill(circle(x, sun_y, radius), palette.accents[0], mix(palette.accents[0], palette.tone(1.0), 0.3))
    hill = circle(x + half * rng.uniform(-0.6, 0.6), floor + half * 1.5, half * 2.1)
    inside = [(min(x + half, max(x - half, px)), min(floor, py)) for px, py in hill]
    surface.fill(inside, palette.tone(0.35), palette.tone(0.2))


def _lay_floor(surface: Surface, palette: Palette, x: float, floor: float, widest: float, is_deepening: bool) -> None:
    near, far = (0.6, 0.85) if is_deepening else (0.02, 0.2)
    ground = rectangle(0, floor, surface.width, surface.height)
    surface.fill(ground, palette.tone(far), palette.tone(near))
    drop = surface.height - floor
    beam = [
        (x - widest * 0.24, floor),
        (x + widest * 0.24, floor),
        (x + widest * 0.62, floor + drop),
        (x - widest * 0.62, floor + drop),
    ]
    surface.fill(beam, mix(palette.tone(1.0), palette.accents[0], 0.4), palette.tone(near), opacity=0.75)
