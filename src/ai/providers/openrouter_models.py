"""OpenRouter's list of image models with prices, and what it means in our words.

Source: openrouter 1.3.84, components/imagemodellistitem.py, capabilitydescriptor.py, imageendpoint.py and
imagepricingentry.py; OpenRouterTeam/docs, guides/overview/multimodal/image-generation.mdx. Read 2026-11-24.
"""

from decimal import Decimal
from typing import Any

from src.ai.providers.contract import ListedModel
from src.ai.providers.json_values import dict_of, text_of
from src.ai.providers.money import usd_as_micros_text
from src.ai.specs import MAX_N, MAX_PRICE_MICROS, ImageSpec, Price, PriceCondition, Unit, split_size

TIERS = ("512", "768", "1K", "1.5K", "2K", "4K")
QUALITIES = ("auto", "low", "medium", "high", "xhigh", "max")
# Vector pictures, which some models make, are not kept.
KEPT_FORMATS = ("png", "jpeg", "webp")
MAX_REFERENCES = 16
MAX_CHOICES = 100
MAX_CHOICE_CHARS = 40
STREAMED_PREVIEWS = 3
# Which of our units a price line means, and how many of theirs are in it.
UNITS: dict[tuple[str, str], tuple[Unit, int]] = {
    ("output_image", "image"): ("image", 1),
    ("output_image", "megapixel"): ("megapixel", 1),
    ("output_image", "token"): ("mtok_image_out", 1_000_000),
    ("input_text", "token"): ("mtok_in", 1_000_000),
    ("input_image", "token"): ("mtok_image_in", 1_000_000),
    ("output_text", "token"): ("mtok_out", 1_000_000),
}


def describe_model(entry: dict[str, Any], endpoints: list[dict[str, Any]] | None) -> dict[str, Any]:
    """One model for showing and for `to_listed_model`. `endpoints` null: its prices are not known now."""
    parameters = dict_of(entry.get("supported_parameters"))
    references = dict_of(parameters.get("input_references"))
    return {
        "id": entry["id"],
        "name": text_of(entry.get("name")) or entry["id"],
        "description": text_of(entry.get("description")),
        "can_edit": "input_references" in parameters,
        "max_reference_images": references.get("max"),
        "streams_previews": bool(entry.get("supports_streaming")),
        "supported_parameters": parameters,
        "endpoints": None if endpoints is None else [describe_endpoint(endpoint) for endpoint in endpoints],
    }


def describe_endpoint(endpoint: dict[str, Any]) -> dict[str, Any]:
    prices = endpoint.get("pricing")
    return {
        "provider": endpoint.get("provider_slug") or endpoint.get("provider_name"),
        "pricing": [
            {
                "billable": price.get("billable"),
                "unit": price.get("unit"),
                "price_micros": usd_as_micros_text(price.get("cost_usd")),
                "variant": price.get("variant"),
            }
            for price in (prices if isinstance(prices, list) else [])
            if isinstance(price, dict)
        ],
    }


def to_listed_model(described: dict[str, Any]) -> ListedModel:
    """What our spec cannot hold is left out. A model that makes no picture of a format that is kept makes none."""
    parameters, endpoints = described["supported_parameters"], described["endpoints"]
    spec = read_spec(parameters, streams=described["streams_previews"])
    capabilities = ("image", "image_edit") if spec.edit else ("image",)
    is_vector_only = spec.output_formats is None and _choices(parameters, "output_format") is not None
    return ListedModel(
        model_id=described["id"],
        display_name=described["name"],
        description=described["description"],
        capabilities=() if is_vector_only else capabilities,
        image_spec=spec,
        pricing=None if endpoints is None else read_prices(endpoints, spec),
    )


def read_spec(parameters: dict[str, Any], *, streams: bool) -> ImageSpec:
    """`supported_parameters` as our spec; a parameter that is not listed is not there."""
    sizes = tuple(size for size in _choices(parameters, "size") or () if size == "auto" or split_size(size))
    formats = tuple(each for each in _choices(parameters, "output_format") or () if each in KEPT_FORMATS)
    max_n, references = _most(parameters, "n"), _most(parameters, "input_references")
    edits = "input_references" in parameters and references != 0
    return ImageSpec(
        sizes=sizes or None,
        aspect_ratios=_choices(parameters, "aspect_ratio"),
        resolutions=_choices(parameters, "resolution"),
        qualities=_choices(parameters, "quality"),
        output_formats=formats or None,
        output_compression="output_compression" in parameters or None,
        backgrounds=_choices(parameters, "background"),
        max_n=min(max_n, MAX_N) if max_n else None,
        edit=edits,
        max_reference_images=min(references, MAX_REFERENCES) if edits and references else None,
        partial_images=STREAMED_PREVIEWS if streams else None,
        seed="seed" in parameters or None,
    )


def read_prices(endpoints: list[dict[str, Any]], spec: ImageSpec) -> tuple[Price, ...]:
    """Of several endpoints' prices for the same the dearest, since a request may be routed to any."""
    dearest: dict[tuple[Unit, PriceCondition | None], Price] = {}
    for endpoint in endpoints:
        for line in endpoint["pricing"]:
            price = read_price(line, spec)
            if price is not None:
                place = (price.unit, price.when)
                dearest[place] = max(dearest.get(place, price), price, key=lambda each: each.micros)
    return tuple(dearest.values())


def read_price(line: dict[str, Any], spec: ImageSpec) -> Price | None:
    """None for what our units cannot say: a picture that goes in, a font, a request. Of a variant that is none of ours
    nobody knows when it holds, so that it counts as a price without condition."""
    meant = UNITS.get((text_of(line["billable"]), text_of(line["unit"])))
    if meant is None or line["price_micros"] is None:
        return None
    unit, count = meant
    amount = Decimal(line["price_micros"]) * count
    if amount > MAX_PRICE_MICROS:
        return None
    return Price(unit=unit, price=format(amount.normalize(), "f"), when=read_variant(line["variant"], spec))


def read_variant(variant: Any, spec: ImageSpec) -> PriceCondition | None:
    """`2k` is a resolution, `high` a quality, `1024x1024` a size; None for none of these."""
    name = text_of(variant)
    resolutions = {each.casefold(): each for each in (*TIERS, *(spec.resolutions or ()))}
    qualities = {each.casefold(): each for each in (*QUALITIES, *(spec.qualities or ()))}
    if name.casefold() in resolutions:
        return PriceCondition(resolution=resolutions[name.casefold()])
    if name.casefold() in qualities:
        return PriceCondition(quality=qualities[name.casefold()])
    return PriceCondition(size=name) if split_size(name) else None


def _choices(parameters: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """The values of an enum, each once; None for a parameter that has none."""
    values = dict_of(parameters.get(name)).get("values")
    fit = [each for each in values if _is_choice(each)] if isinstance(values, list) else []
    return tuple(dict.fromkeys(fit))[:MAX_CHOICES] or None


def _is_choice(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_CHOICE_CHARS and value.isprintable()


def _most(parameters: dict[str, Any], name: str) -> int | None:
    """The upper end of a range; None if it names none that can be a count."""
    most = dict_of(parameters.get(name)).get("max")
    return int(most) if isinstance(most, int | float) and not isinstance(most, bool) and most >= 0 else None
