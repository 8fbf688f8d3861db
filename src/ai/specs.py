"""What a model can be asked for (`ImageSpec`) and what it charges (`Price`), typed; stored as JSON on the model.

In an image spec, null means that the service has no such parameter.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

MAX_PRICE_MICROS = 10**12
MAX_N = 10
"""The most pictures of one request, whatever a model would make."""
# Digits of other scripts are decimal to Python, but no service reads them.
SIZE = re.compile(r"([1-9][0-9]{0,9})x([1-9][0-9]{0,9})")


class SizeRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Free `WIDTHxHEIGHT`: both multiples of `step` pixels; `min_px` and `max_px` count the whole picture's."""

    step: Annotated[int, Meta(ge=1)] = 1
    min_px: int | None = None
    max_px: int | None = None
    max_edge: int | None = None
    aspect_min: float | None = None
    aspect_max: float | None = None

    def allows(self, width: int, height: int) -> bool:
        ratio = width / height
        return (
            width % self.step == 0
            and height % self.step == 0
            and (self.min_px is None or width * height >= self.min_px)
            and (self.max_px is None or width * height <= self.max_px)
            and (self.max_edge is None or max(width, height) <= self.max_edge)
            and (self.aspect_min is None or ratio >= self.aspect_min - 1e-9)
            and (self.aspect_max is None or ratio <= self.aspect_max + 1e-9)
        )


class ImageSpec(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The parameters of one image model. `max_n` null is 1; `partial_images` is how many previews it streams."""

    sizes: tuple[str, ...] | None = None
    size_rule: SizeRule | None = None
    aspect_ratios: tuple[str, ...] | None = None
    resolutions: tuple[str, ...] | None = None
    qualities: tuple[str, ...] | None = None
    styles: tuple[str, ...] | None = None
    output_formats: tuple[str, ...] | None = None
    output_compression: bool | None = None
    backgrounds: tuple[str, ...] | None = None
    max_n: Annotated[int, Meta(ge=1, le=MAX_N)] | None = None
    prompt_max_chars: int | None = None
    edit: bool = False
    mask: bool = False
    max_reference_images: int | None = None
    partial_images: int | None = None
    seed: bool | None = None
    negative_prompt: bool | None = None


Unit = Literal["image", "megapixel", "mtok_in", "mtok_out", "mtok_image_in", "mtok_image_out"]


class PriceCondition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """For which parameters a price holds; what is not named does not matter."""

    quality: str | None = None
    size: str | None = None
    resolution: str | None = None


class Price(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`price` is a decimal string of millionths of a US dollar per unit; `mtok_*` is per million tokens."""

    unit: Unit
    price: str
    when: PriceCondition | None = None

    def __post_init__(self) -> None:
        try:
            amount = Decimal(self.price)
        except InvalidOperation as exc:
            raise ValueError("price must be a decimal number") from exc
        if not (amount.is_finite() and 0 <= amount <= MAX_PRICE_MICROS):
            raise ValueError(f"price must be a number from 0 to {MAX_PRICE_MICROS}")

    @property
    def micros(self) -> Decimal:
        return Decimal(self.price)


class TokenUsage(Struct, frozen=True, kw_only=True):
    """Tokens as the service reported them."""

    text_in: int = 0
    image_in: int = 0
    text_out: int = 0
    image_out: int = 0


def read_image_spec(stored: Any) -> ImageSpec:
    """Raises msgspec.ValidationError for anything that is no image spec."""
    return msgspec.convert(stored, ImageSpec)


def read_pricing(stored: Any) -> tuple[Price, ...]:
    """Raises msgspec.ValidationError for anything that is no list of prices."""
    return msgspec.convert(stored, tuple[Price, ...])


def split_size(size: str | None) -> tuple[int, int] | None:
    """`1024x768` as (width, height) in pixels; None for `auto`, None, or anything else."""
    match = SIZE.fullmatch(size or "")
    return (int(match[1]), int(match[2])) if match else None
