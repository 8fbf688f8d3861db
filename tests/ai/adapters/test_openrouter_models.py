"""OpenRouter's list in our words: what a model can be asked for and what it costs."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.ai.providers import get_adapter
from src.ai.providers.openrouter_models import describe_model, read_prices, read_spec, to_listed_model
from src.ai.specs import ImageSpec, Price, PriceCondition, read_image_spec, read_pricing
from tests.ai.adapters.services import connection_of
from tests.upstream import openrouter_models

NAMES = (
    "size",
    "aspect_ratio",
    "resolution",
    "quality",
    "output_format",
    "background",
    "n",
    "seed",
    "input_references",
)


def enum(*values: Any) -> dict[str, Any]:
    return {"type": "enum", "values": list(values)}


def most(number: Any) -> dict[str, Any]:
    return {"type": "range", "min": 0, "max": number}


def line(billable: str, unit: str, cost_usd: Any, variant: Any = None) -> dict[str, Any]:
    return {"billable": billable, "unit": unit, "cost_usd": cost_usd, "variant": variant}


def priced(*endpoints: list[dict[str, Any]], **parameters: Any) -> dict[tuple[str, Any], str]:
    described = describe_model({"id": "m"}, [{"pricing": pricing} for pricing in endpoints])
    spec = read_spec(parameters, streams=False)
    return {(price.unit, price.when): price.price for price in read_prices(described["endpoints"], spec)}


async def test_every_played_model_is_listed(upstream):
    listed = await get_adapter("openrouter").list_models(connection_of("openrouter", upstream))

    assert [model.model_id for model in listed] == [model.id for model in openrouter_models.MODELS]
    assert all(model.image_spec and model.pricing for model in listed)
    assert not any(model.is_guess for model in listed)


async def test_a_models_parameters_become_its_spec(upstream):
    listed = await get_adapter("openrouter").list_models(connection_of("openrouter", upstream))

    flare = {model.model_id: model for model in listed}["openai/gpt-image-2.5-flare"]
    assert flare.capabilities == ("image", "image_edit")
    assert flare.image_spec == ImageSpec(
        qualities=("auto", "low", "medium", "high", "xhigh", "max"),
        output_formats=("png", "jpeg", "webp"),
        output_compression=True,
        backgrounds=("auto", "transparent", "opaque"),
        max_n=10,
        edit=True,
        max_reference_images=16,
        partial_images=3,
    )
    assert flare.pricing == (
        Price(unit="mtok_in", price="5000000"),
        Price(unit="mtok_image_in", price="8000000"),
        Price(unit="mtok_image_out", price="30000000"),
    )


async def test_a_price_per_tier_holds_for_its_resolution(upstream):
    listed = await get_adapter("openrouter").list_models(connection_of("openrouter", upstream))

    seedream = {model.model_id: model for model in listed}["bytedance-seed/seedream-5-0-pro"]
    assert seedream.pricing == (
        Price(unit="image", price="45000", when=PriceCondition(resolution="1K")),
        Price(unit="image", price="90000", when=PriceCondition(resolution="2K")),
    )
    assert (seedream.image_spec.seed, seedream.image_spec.max_n) == (True, None)


async def test_a_model_without_readable_prices_is_listed_without(upstream):
    upstream.play_response(path="flux.2-pro/endpoints", status=500)

    listed = await get_adapter("openrouter").list_models(connection_of("openrouter", upstream))

    assert [model.model_id for model in listed if model.pricing is None] == ["black-forest-labs/flux.2-pro"]


def test_the_dearest_of_several_endpoints_counts():
    cheap, dear = [line("output_image", "image", 0.03)], [line("output_image", "image", 0.04)]

    assert priced(cheap, dear) == priced(dear, cheap) == {("image", None): "40000"}


@pytest.mark.parametrize(
    ("variant", "when"),
    [
        ("2k", PriceCondition(resolution="2K")),
        ("HIGH", PriceCondition(quality="high")),
        ("1024x1536", PriceCondition(size="1024x1536")),
        ("Fancy", PriceCondition(quality="fancy")),
    ],
)
def test_a_variant_is_a_resolution_a_quality_or_a_size(variant, when):
    assert priced([line("output_image", "image", 0.01, variant)], quality=enum("fancy")) == {("image", when): "10000"}


@pytest.mark.parametrize("variant", ["turbo", 5, ""])
def test_a_variant_that_is_none_of_ours_may_hold_always(variant):
    odd = line("output_image", "image", 0.05, variant)

    assert priced([odd]) == {("image", None): "50000"}
    assert priced([odd, line("output_image", "image", 0.04)]) == {("image", None): "50000"}


@pytest.mark.parametrize(
    "unsayable",
    [
        line("input_reference", "megapixel", 0.01),
        line("input_image", "image", 0.01),
        line("output_image", "request", 0.01),
        line("input_font", "image", 0.01),
        line("output_image", "image", "0.01"),
        line("output_image", "token", 2),
        line(["output_image"], {"a": 1}, 0.01),
    ],
)
def test_a_price_that_our_units_cannot_say_is_left_out(unsayable):
    assert priced([unsayable]) == {}
    assert priced([unsayable, line("output_image", "megapixel", 0.03)]) == {("megapixel", None): "30000"}


@pytest.mark.parametrize(
    ("parameters", "spec"),
    [
        ({}, ImageSpec()),
        ({"size": enum("2K", "auto", "1024x1024", "0x5")}, ImageSpec(sizes=("auto", "1024x1024"))),
        ({"size": enum("2K")}, ImageSpec()),
        ({"n": most(50)}, ImageSpec(max_n=10)),
        ({"n": most(4.0)}, ImageSpec(max_n=4)),
        ({"n": most(0)}, ImageSpec()),
        ({"n": {"type": "boolean"}}, ImageSpec()),
        ({"input_references": most(99)}, ImageSpec(edit=True, max_reference_images=16)),
        ({"input_references": most(0)}, ImageSpec()),
        ({"input_references": {"type": "boolean"}}, ImageSpec(edit=True)),
        ({"quality": enum("low", 5, None, "", "low", "x" * 41, "a\0")}, ImageSpec(qualities=("low",))),
        ({"quality": enum()}, ImageSpec()),
        ({"output_format": enum("svg", "png")}, ImageSpec(output_formats=("png",))),
    ],
)
def test_what_our_spec_cannot_hold_is_left_out(parameters, spec):
    assert read_spec(parameters, streams=False) == spec


def test_a_model_of_vector_pictures_only_makes_none():
    described = describe_model({"id": "m", "supported_parameters": {"output_format": enum("svg")}}, [])

    assert to_listed_model(described).capabilities == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["values", "max", "type", "x"]), inner),
    max_leaves=12,
)
LINES = st.fixed_dictionaries(
    {},
    optional={
        "billable": st.sampled_from(["output_image", "input_text"]) | JSON,
        "unit": st.sampled_from(["image", "token", "megapixel"]) | JSON,
        "cost_usd": st.floats() | JSON,
        "variant": st.sampled_from(["2K", "high", "1x1"]) | JSON,
    },
)
ENTRIES = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=9)},
    optional={
        "name": JSON,
        "description": JSON,
        "supports_streaming": JSON,
        "supported_parameters": st.dictionaries(st.sampled_from([*NAMES, "output_compression", "x"]), JSON) | JSON,
    },
)
ENDPOINTS = st.none() | st.lists(
    st.fixed_dictionaries({}, optional={"pricing": st.lists(LINES | JSON) | JSON}), max_size=3
)


@given(entry=ENTRIES, endpoints=ENDPOINTS)
def test_whatever_is_listed_can_be_stored(entry, endpoints):
    listed = to_listed_model(describe_model(entry, endpoints))

    assert read_image_spec(msgspec.to_builtins(listed.image_spec)) == listed.image_spec
    assert read_pricing(msgspec.to_builtins(listed.pricing or ())) == (listed.pricing or ())
