"""What is printed on a picture: the SANDBOX tag and the card with the prompt."""

from dataclasses import dataclass
from math import ceil

from PIL import Image, ImageDraw, ImageFilter

from .lettering import load_font, shape_line, wrap_text

INK, PAPER = (16, 18, 26), (250, 249, 245)
TAG = "SANDBOX"
# Below this no line of the prompt would be legible.
SMALLEST_WITH_PROMPT_PX = 200
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class LabelledPicture:
    """A picture with its labels, and where they are ("L", 255 inside) for pictures with transparency."""

    image: Image.Image
    labelled: Image.Image


def add_labels(image: Image.Image, prompt: str) -> LabelledPicture:
    """`image`, changed in place, with the tag and, where there is room, the prompt."""
    labelled = Image.new("L", image.size)
    _draw_tag(image, labelled)
    if min(image.size) >= SMALLEST_WITH_PROMPT_PX:
        _draw_prompt(image, labelled, prompt)
    return LabelledPicture(image, labelled)


def _draw_tag(image: Image.Image, labelled: Image.Image) -> None:
    short = min(image.size)
    font = load_font(max(8, min(44, round(short * 0.022))), bold=True)
    spacing = font.size * 0.12
    width = sum(font.getlength(letter) + spacing for letter in TAG) - spacing
    pad = max(3, round(font.size * 0.8))
    height = max(11, round(font.size * 1.95))
    margin = max(3, round(short * 0.04))
    box = (margin, margin, margin + round(width) + 2 * pad, margin + height)
    _lay_glass(image, labelled, box, height // 2, 0.72)
    draw = ImageDraw.Draw(image)
    x, y = box[0] + pad + 0.0, (box[1] + box[3]) / 2
    # Capitals are centred by their own height: the font's ascent leaves room for Arabic marks.
    _, top, _, bottom = font.getbbox("X", anchor="ls")
    for letter in TAG:
        draw.text((x, y - (top + bottom) / 2), letter, font=font, fill=PAPER, anchor="ls")
        x += font.getlength(letter) + spacing


def _draw_prompt(image: Image.Image, labelled: Image.Image, prompt: str) -> None:
    width, height = image.size
    short = min(image.size)
    font = load_font(max(12, min(64, round(short * 0.031))))
    margin, pad = round(short * 0.04), round(font.size * 1.1)
    widest = min(width - 2 * margin, round(short * 1.2))
    leading = round(font.size * 1.6)
    max_lines = max(1, min(3, round(height * 0.3 / leading)))
    lines = wrap_text(prompt, font, widest - 2 * pad, max_lines)
    if not lines:
        return
    text_width = max(font.getlength(shape_line(line)) for line in lines)
    card_size = (ceil(text_width) + 2 * pad, leading * len(lines) + round(pad * 1.1))
    card = _card_box(image.size, card_size, margin, at_right=lines[0].is_rtl)
    _lay_glass(image, labelled, card, round(font.size * 0.75), 0.66)
    baseline = card[1] + round(pad * 0.55) + leading * 0.68
    for line in lines:
        anchor, x = ("rs", card[2] - pad) if line.is_rtl else ("ls", card[0] + pad)
        ImageDraw.Draw(image).text((x, baseline), shape_line(line), font=font, fill=PAPER, anchor=anchor)
        baseline += leading


def _card_box(size: tuple[int, int], card_size: tuple[int, int], margin: int, *, at_right: bool) -> Box:
    """Where the card lies: at the bottom, on the side where its text begins."""
    left = size[0] - margin - card_size[0] if at_right else margin
    bottom = size[1] - margin
    return left, bottom - card_size[1], left + card_size[0], bottom


def _lay_glass(image: Image.Image, labelled: Image.Image, box: Box, radius: int, darkness: float) -> None:
    """Blur and darken a rounded box of the picture, so that light text can be read on it."""
    size = (box[2] - box[0], box[3] - box[1])
    behind = image.crop(box)
    small = behind.resize((max(1, size[0] // 16), max(1, size[1] // 16)), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(2)).resize(size, Image.Resampling.BICUBIC)
    glass = Image.blend(blurred, Image.new("RGB", size, INK), darkness)
    large = Image.new("L", (size[0] * 4, size[1] * 4))
    ImageDraw.Draw(large).rounded_rectangle((0, 0, size[0] * 4 - 1, size[1] * 4 - 1), radius * 4, fill=255)
    mask = large.reduce(4)
    image.paste(glass, box, mask)
    labelled.paste(mask, box, mask)
