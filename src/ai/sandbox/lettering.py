"""Lines of Persian, Arabic and Latin text for a renderer that neither joins nor reorders letters.

Text is wrapped in its logical order first; each line is then joined with arabic-reshaper and put in
visual order with python-bidi, so that the result is the same with and without FriBiDi and raqm.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from arabic_reshaper import ArabicReshaper
from bidi.algorithm import get_display
from PIL import ImageFont

FONT_FOLDER = Path(__file__).parent / "fonts"
ELLIPSIS = "…"
# What a card can show is far less; a prompt may have 32,000 characters.
LONGEST_TEXT = 1_000
ZWNJ, ZWJ = "\u200c", "\u200d"
_JOINERS_AND_MARKS = frozenset((ZWNJ, ZWJ, "\u200e", "\u200f", "\u061c"))
# Persian's heh with a small yeh has no composed form in NFC, and the reshaper drops lone marks.
_HEH_WITH_YEH = ("\u0647\u0654", "\u06c0")
_reshaper = ArabicReshaper({"delete_harakat": True, "support_ligatures": True, "support_zwj": True})


@dataclass(frozen=True)
class Line:
    """One line in logical order; `is_rtl` is the direction of the paragraph that it comes from."""

    text: str
    is_rtl: bool


@lru_cache(maxsize=32)
def load_font(size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Vazirmatn at `size_px`, always with Pillow's basic layout."""
    name = "Vazirmatn-Bold.ttf" if bold else "Vazirmatn-Regular.ttf"
    return ImageFont.truetype(FONT_FOLDER / name, size_px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def has_glyph(character: str) -> bool:
    """Whether Vazirmatn can draw `character`; its picture for an unknown one is blank."""
    return load_font(24).getmask(character).getbbox() is not None


def is_rtl(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def clean_text(text: str) -> list[str]:
    """The paragraphs of `text` that hold something to draw, without what the font cannot draw.

    Control characters become spaces; emoji, vowel marks, direction overrides and the like go; each run
    of letters of a script that the font lacks becomes an ellipsis.
    """
    # A first cut for speed, generous because what is dropped below does not count.
    composed = unicodedata.normalize("NFC", text[: LONGEST_TEXT * 8]).replace(*_HEH_WITH_YEH)
    paragraphs = (_drawable(paragraph)[:LONGEST_TEXT] for paragraph in composed.splitlines())
    return [paragraph for paragraph in paragraphs if set(paragraph) - _JOINERS_AND_MARKS - {ELLIPSIS, " "}]


def _drawable(paragraph: str) -> str:
    kept: list[str] = []
    for character in paragraph:
        replacement = _replacement(character)
        if replacement != ELLIPSIS or kept[-1:] != [ELLIPSIS]:
            kept.append(replacement)
    return " ".join("".join(kept).split())


def _replacement(character: str) -> str:
    category = unicodedata.category(character)
    if character in _JOINERS_AND_MARKS:
        return character
    if category == "Cc" or character.isspace():
        return " "
    # Marks that NFC leaves alone would be set beside their letter by the basic layout.
    if category[0] in "CM":
        return ""
    if has_glyph(character):
        return character
    return ELLIPSIS if category[0] in "LN" else ""


def shape_line(line: Line) -> str:
    """`line` with its letters joined, in the order in which they stand from left to right."""
    joined = _reshaper.reshape(line.text)
    visual = get_display(joined, base_dir="R" if line.is_rtl else "L")
    shown = (character for character in visual if character not in _JOINERS_AND_MARKS)
    # A few letters of other languages have no joined form in the font; their plain form is legible.
    return "".join(c if c.isspace() or has_glyph(c) else unicodedata.normalize("NFKC", c) for c in shown)


def measure(text: str, font: ImageFont.FreeTypeFont, *, rtl: bool) -> float:
    """The width of `text`, joined, in pixels."""
    return font.getlength(shape_line(Line(text, rtl)))


def wrap_text(text: str, font: ImageFont.FreeTypeFont, width_px: float, max_lines: int) -> list[Line]:
    """`text` in at most `max_lines` lines of at most `width_px`, the last with an ellipsis if some is left.

    A word wider than a line is broken. Nothing to draw gives an empty list.
    """
    lines: list[Line] = []
    for paragraph in clean_text(text):
        rtl = is_rtl(paragraph)
        lines += (Line(piece, rtl) for piece in _wrap(paragraph, font, width_px, rtl, max_lines + 1))
        if len(lines) > max_lines:
            break
    if len(lines) > max_lines or len(text) > LONGEST_TEXT * 8:
        lines = lines[:max_lines]
        lines[-1:] = [_with_ellipsis(line, font, width_px) for line in lines[-1:]]
    return lines


def _wrap(text: str, font: ImageFont.FreeTypeFont, width_px: float, rtl: bool, limit: int) -> list[str]:
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < limit:
        count = 1
        while count < len(words) and measure(" ".join(words[: count + 1]), font, rtl=rtl) <= width_px:
            count += 1
        line = " ".join(words[:count])
        fitting = _fitting_length(line, font, width_px, rtl) if count == 1 else len(line)
        lines.append(line[:fitting])
        words = ([line[fitting:]] if fitting < len(line) else []) + words[count:]
    return lines


def _fitting_length(text: str, font: ImageFont.FreeTypeFont, width_px: float, rtl: bool) -> int:
    """How many characters of `text` fit; at least one, so that wrapping always moves on."""
    length = 1
    while length < len(text) and measure(text[: length + 1], font, rtl=rtl) <= width_px:
        length += 1
    return length


def _with_ellipsis(line: Line, font: ImageFont.FreeTypeFont, width_px: float) -> Line:
    def fits(text: str) -> bool:
        return measure(text + ELLIPSIS, font, rtl=line.is_rtl) <= width_px

    text = line.text.rstrip(ELLIPSIS)
    while " " in text and not fits(text):
        text = text.rpartition(" ")[0]
    while len(text) > 1 and not fits(text):
        text = text[:-1]
    return Line(text.rstrip(" ,;:.،؛") + ELLIPSIS, line.is_rtl)
