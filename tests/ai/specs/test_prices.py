"""What counts as a price, and as an image spec."""

from decimal import Decimal

import msgspec
import pytest

from src.ai.specs import Price, read_image_spec, read_pricing

NO_PRICES = [
    "-1",
    "-0.5",
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "free",
    "",
    " ",
    "1,5",
    "0x10",
    "1/2",
    "1000000000001",
]


@pytest.mark.parametrize("text", [*NO_PRICES, "1e999999999", None, 5, 1.5, True])
def test_what_is_no_amount_of_money_is_no_price(text):
    with pytest.raises(msgspec.ValidationError):
        read_pricing([{"unit": "image", "price": text}])


@pytest.mark.parametrize("text", ["0", "0.0000001", "40000", "39000.5", "1000000000000"])
def test_a_price_keeps_every_digit(text):
    assert read_pricing([{"unit": "image", "price": text}])[0].micros == Decimal(text)


def test_a_price_made_in_code_is_judged_alike():
    with pytest.raises(ValueError, match="decimal number"):
        Price(unit="image", price="free")


@pytest.mark.parametrize(
    "stored",
    [
        {"unit": "image", "price": "1"},
        ["image"],
        [{"unit": "picture", "price": "1"}],
        [{"unit": "image"}],
        [{"price": "1"}],
        [{"unit": "image", "price": "1", "currency": "usd"}],
        [{"unit": "image", "price": "1", "when": {"style": "vivid"}}],
        [{"unit": "image", "price": "1", "when": "always"}],
        None,
    ],
)
def test_what_is_no_list_of_prices_is_refused(stored):
    with pytest.raises(msgspec.ValidationError):
        read_pricing(stored)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"sizes": "1024x1024"},
        {"sizes": [1024]},
        {"colours": ["red"]},
        {"max_n": "4"},
        {"seed": 1},
        {"size_rule": {"steps": 8}},
        {"size_rule": []},
    ],
)
def test_what_is_no_image_spec_is_refused(stored):
    with pytest.raises(msgspec.ValidationError):
        read_image_spec(stored)


def test_an_empty_spec_has_no_parameter_at_all():
    spec = read_image_spec({})

    assert (spec.sizes, spec.size_rule, spec.qualities, spec.max_n, spec.seed) == (None, None, None, None, None)
