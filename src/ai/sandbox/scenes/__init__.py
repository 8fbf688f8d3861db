"""The kinds of pictures the sandbox draws; each is one function over a surface, a palette and a Random."""

from collections.abc import Callable
from random import Random

from ..palettes import Palette
from ..surface import Surface
from .arches import draw_arches
from .bloom import draw_bloom
from .girih import draw_girih
from .medallion import draw_medallion
from .mosaic import draw_mosaic
from .ribbons import draw_ribbons
from .ridges import draw_ridges

Scene = Callable[[Surface, Palette, Random], None]

SCENES: tuple[Scene, ...] = (
    draw_ridges,
    draw_girih,
    draw_bloom,
    draw_arches,
    draw_ribbons,
    draw_medallion,
    draw_mosaic,
)
