"""What is reserved: the most that the pictures can cost, rounded up, or None where the table does not say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.ai.costs import highest_cost_micros, real_cost_micros
from src.ai.specs import read_pricing


def image(price, **when):
    return {"unit": "image", "price": price, "when": when or None}


TABLE = [
    image("5000", quality="low", size="1024x1024"),
    image("53000", quality="medium", size="1024x1024"),
    image("41000", quality="medium", size="1024x1536"),
    image("211000", quality="high", size="1024x1024"),
]
TOKENS = [{"unit": "mtok_in", "price": "5000000"}, {"unit": "mtok_image_out", "price": "30000000"}]
MEGAPIXEL = [{"unit": "megapixel", "price": "30000"}]


def highest(pricing, size=None, quality=None, n=1):
    return highest_cost_micros(read_pricing(pricing), size=size, quality=quality, n=n)


@pytest.mark.parametrize(
    ("size", "quality", "micros"),
    [
        ("1024x1024", "medium", 53_000),
        ("1024x1536", "medium", 41_000),
        ("1024x1024", None, 211_000),
        ("1024x1024", "auto", 211_000),
        (None, "medium", 53_000),
        ("auto", "medium", 53_000),
        ("1024x1536", None, 41_000),
        (None, None, 211_000),
        ("2048x2048", "medium", None),
        ("1024x1024", "max", None),
    ],
)
def test_an_open_parameter_counts_as_the_dearest(size, quality, micros):
    assert highest(TABLE, size, quality) == micros


def test_an_open_resolution_counts_as_the_dearest():
    assert highest([image("45000", resolution="1K"), image("90000", resolution="2K")]) == 90_000


@pytest.mark.parametrize(
    ("price", "n", "micros"), [("0.1", 1, 1), ("0.1", 10, 1), ("0.1", 11, 2), ("39000.5", 3, 117_002), ("7", 10, 70)]
)
def test_it_is_rounded_up_after_counting_the_pictures(price, n, micros):
    assert highest([image(price)], n=n) == micros


@pytest.mark.parametrize("pricing", [[], TOKENS])
def test_a_table_that_prices_no_picture_says_nothing(pricing):
    assert highest(pricing, "1024x1024", "low") is None


def test_free_is_nought_and_not_unknown():
    assert highest([image("0")], n=10) == 0


@pytest.mark.parametrize(
    ("size", "micros"), [("1000x1000", 30_000), ("1024x1024", 31_458), ("100x1", 3), ("auto", None), (None, None)]
)
def test_a_price_by_the_megapixel_needs_a_size(size, micros):
    assert highest(MEGAPIXEL, size) == micros


def test_megapixels_of_many_pictures_are_rounded_up_once():
    assert highest(MEGAPIXEL, "1024x1024", n=10) == 314_573


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "unit": st.sampled_from(["image", "megapixel"]),
                "price": st.decimals(0, 10**6, places=3).map(str),
                "when": st.fixed_dictionaries(
                    {},
                    optional={
                        "quality": st.sampled_from(["low", "high"]),
                        "size": st.sampled_from(["512x512", "1024x768"]),
                    },
                ),
            }
        ),
        max_size=5,
    ),
    st.sampled_from(["512x512", "1024x768"]),
    st.sampled_from(["low", "high", None]),
    st.integers(1, 10),
)
def test_no_picture_of_the_asked_size_costs_more_than_was_reserved(pricing, size, quality, n):
    table = read_pricing(pricing)
    pair = tuple(map(int, size.split("x")))

    reserved = highest_cost_micros(table, size=size, quality=quality, n=n)
    real = real_cost_micros(table, usage=None, sizes=[pair] * n, quality=quality)

    assert real is None or real <= reserved
