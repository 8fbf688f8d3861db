"""The colours of the sandbox pictures."""

import colorsys
from dataclasses import dataclass
from random import Random

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Five tones from the darkest to the lightest, and two accents; all sRGB, 0 to 255."""

    tones: tuple[Colour, Colour, Colour, Colour, Colour]
    accents: tuple[Colour, Colour]

    def tone(self, position: float) -> Colour:
        """The tone at `position`, 0.0 the darkest and 1.0 the lightest, mixed between neighbours."""
        place = max(0.0, min(1.0, position)) * (len(self.tones) - 1)
        lower = min(int(place), len(self.tones) - 2)
        return mix(self.tones[lower], self.tones[lower + 1], place - lower)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` and `second` mixed; `share` 0.0 is all first, 1.0 all second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def pick_palette(index: int, rng: Random) -> Palette:
    """Palette number `index` (any integer, it wraps), its hues turned a little by `rng`."""
    tones, accents = _PALETTES[index % len(_PALETTES)].split("|")
    turn = rng.uniform(-0.02, 0.02)
    dark, shade, middle, light, pale = (_turned(code, turn) for code in tones.split())
    first, second = (_turned(code, turn) for code in accents.split())
    return Palette((dark, shade, middle, light, pale), (first, second))


def _turned(code: str, turn: float) -> Colour:
    channels = bytes.fromhex(code)
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in channels))
    red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1.0, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


# Each row: the tones from dark to light, a bar, the accents.
_PALETTES = (
    "0b1b3b 15407a 2a78a8 7fc4c4 f1ead6|e0a83c c8553d",
    "3a1a24 7a2f2c c2583a eea45d fbe6c4|f6c344 2f6f73",
    "17322b 2f5d4a 6f9b6a b9cf95 f4f1dc|d9694b e9b949",
    "2d1530 6d2850 b8476b ec9a94 fbe5dc|f3b562 3b6f8f",
    "062c36 0b5c69 1c97a0 86d3c6 f3f0df|d79a2b 1e3f8a",
    "1a1440 44307e 8a59b0 dc8fb5 fde0c5|ffb35c 4cc2c4",
    "1b2326 2f4b50 5d8584 c9a27a f2e2cb|c4622d e8b04a",
    "1d2a3a 4a6580 8facc2 cfdfe8 f8fafb|e2725b 3d6ea5",
    "2a0a12 6b1426 b0243a e2725b f7dfc8|e5b25d 2d6a5f",
    "1e2014 4b5030 8a8a4b cfc389 f6f0da|b5532a 2e5a6b",
    "070d1f 14244a 2f4f86 7d9bcb e5ebf5|f5d88a b689c7",
    "33344f 6d6a94 c490a5 f4b9a0 fdeedb|ef7f5a 5aa3a3",
)
