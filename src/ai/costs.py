"""What pictures cost by a model's price table: at most and at least before, really after."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from src.ai.specs import Price, PriceCondition, TokenUsage, Unit, split_size


def highest_cost_micros(
    pricing: tuple[Price, ...], *, size: str | None, quality: str | None, n: int, resolution: str | None = None
) -> int | None:
    """The most that `n` pictures can cost by the table, rounded up; None if the table does not say.

    Parameters left open (None or `auto`) could become any: the dearest counts.
    """
    amounts = list(_amounts(pricing, size, quality, resolution))
    return int((max(amounts) * n).to_integral_value(ROUND_CEILING)) if amounts else None


def lowest_cost_micros(
    pricing: tuple[Price, ...], *, size: str | None, quality: str | None, n: int, resolution: str | None = None
) -> int | None:
    """The least that `n` pictures can cost by the table, rounded down; None if the table does not say."""
    amounts = list(_amounts(pricing, size, quality, resolution))
    return int((min(amounts) * n).to_integral_value(ROUND_FLOOR)) if amounts else None


def _amounts(
    pricing: tuple[Price, ...], size: str | None, quality: str | None, resolution: str | None
) -> Iterator[Decimal]:
    """What one picture would cost by each price that may hold."""
    for price in pricing:
        when = price.when or PriceCondition()
        asked = ((when.size, size), (when.quality, quality), (when.resolution, resolution))
        if not all(_may_be(required, value) for required, value in asked):
            continue
        if price.unit == "image":
            yield price.micros
        elif price.unit == "megapixel" and (pair := split_size(size)):
            yield price.micros * Decimal(pair[0] * pair[1]) / 1_000_000


def _may_be(required: str | None, asked: str | None) -> bool:
    return required is None or asked in (None, "auto", required)


def real_cost_micros(
    pricing: tuple[Price, ...],
    *,
    usage: TokenUsage | None,
    sizes: Sequence[tuple[int, int] | None],
    quality: str | None,
    resolution: str | None = None,
) -> int | None:
    """What the delivered pictures cost: by reported tokens, else by the table, else None. `sizes` are in pixels, None
    for a picture that does not tell its own."""
    amount = _cost_of_tokens(pricing, usage) if usage else None
    if amount is None:
        each = [_cost_of_picture(pricing, size, quality, resolution) for size in sizes]
        known = [cost for cost in each if cost is not None]
        amount = sum(known, Decimal(0)) if each and len(known) == len(each) else None
    return None if amount is None else int(amount.to_integral_value(ROUND_HALF_UP))


def _cost_of_tokens(pricing: tuple[Price, ...], usage: TokenUsage) -> Decimal | None:
    by_unit = {price.unit: price.micros for price in pricing if price.when in (None, PriceCondition())}
    counts: dict[Unit, int] = {
        "mtok_in": usage.text_in,
        "mtok_image_in": usage.image_in,
        "mtok_out": usage.text_out,
        "mtok_image_out": usage.image_out,
    }
    used = {unit: count for unit, count in counts.items() if count}
    if not used or not used.keys() <= by_unit.keys():
        return None
    return sum((by_unit[unit] * count / 1_000_000 for unit, count in used.items()), Decimal(0))


def _cost_of_picture(
    pricing: tuple[Price, ...], size: tuple[int, int] | None, quality: str | None, resolution: str | None
) -> Decimal | None:
    """The price whose conditions all hold for certain; None where an open parameter leaves a choice."""
    text = f"{size[0]}x{size[1]}" if size else ""
    for price in sorted(pricing, key=_conditions, reverse=True):
        when = price.when or PriceCondition()
        if (
            when.size not in (None, text)
            or when.quality not in (None, quality)
            or when.resolution not in (None, resolution)
        ):
            continue
        if price.unit == "image":
            return price.micros
        if price.unit == "megapixel" and size:
            return price.micros * Decimal(size[0] * size[1]) / 1_000_000
    return None


def _conditions(price: Price) -> int:
    """How many: the more specific price counts before the more general one."""
    when = price.when or PriceCondition()
    return sum(value is not None for value in (when.quality, when.size, when.resolution))
