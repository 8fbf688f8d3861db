"""What delivered pictures cost: by the tokens reported, else by the table, else unknown and never nought."""

import pytest

from src.ai.costs import real_cost_micros
from src.ai.specs import TokenUsage, read_pricing

TOKENS = [
    {"unit": "mtok_in", "price": "5000000"},
    {"unit": "mtok_image_in", "price": "8000000"},
    {"unit": "mtok_out", "price": "10000000"},
    {"unit": "mtok_image_out", "price": "30000000"},
]
PER_IMAGE = [{"unit": "image", "price": "40000"}]
SQUARE = (1024, 1024)


def real(pricing, *, sizes=(SQUARE,), quality=None, **usage):
    tokens = TokenUsage(**usage) if usage else None
    return real_cost_micros(read_pricing(pricing), usage=tokens, sizes=list(sizes), quality=quality)


def test_reported_tokens_come_before_the_table():
    assert real([*PER_IMAGE, *TOKENS], text_in=50, image_out=196) == 50 * 5 + 196 * 30


def test_every_kind_of_token_has_its_price():
    assert real(TOKENS, text_in=1, image_in=10, text_out=100, image_out=1000) == 5 + 80 + 1000 + 30_000


@pytest.mark.parametrize("unit", ["mtok_in", "mtok_image_in", "mtok_out", "mtok_image_out"])
def test_a_token_without_a_price_falls_to_the_table(unit):
    pricing = [price for price in TOKENS if price["unit"] != unit]
    used = {"text_in": 1, "image_in": 1, "text_out": 1, "image_out": 1}

    assert real([*pricing, *PER_IMAGE], **used) == 40_000
    assert real(pricing, **used) is None


def test_tokens_of_which_none_was_used_need_no_price():
    assert real([TOKENS[3]], image_out=10) == 300


def test_a_report_of_no_token_at_all_is_no_report():
    assert real([*TOKENS, *PER_IMAGE], text_in=0) == 40_000
    assert real(TOKENS, text_in=0) is None


def test_tokens_that_are_free_cost_nought():
    assert real([{"unit": "mtok_in", "price": "0"}], text_in=500) == 0


def test_a_token_price_under_a_condition_is_no_price_for_any_token():
    assert real([{**TOKENS[3], "when": {"resolution": "4K"}}], image_out=10) is None


def test_a_token_price_under_no_condition_holds_however_that_is_written():
    assert real([{**TOKENS[3], "when": {}}], image_out=10) == 300


@pytest.mark.parametrize(
    ("price", "micros"), [("0.4", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.49", 2), ("39000.5", 39_001)]
)
def test_half_a_micro_is_rounded_up(price, micros):
    assert real([{"unit": "image", "price": price}]) == micros


def test_pictures_are_added_before_rounding():
    assert real([{"unit": "image", "price": "0.25"}], sizes=[SQUARE] * 2) == 1


def test_each_picture_counts_by_its_own_size():
    sized = [{"unit": "image", "price": str(1000 * edge), "when": {"size": f"{edge}x{edge}"}} for edge in (1, 2)]

    assert real(sized, sizes=[(1, 1), (2, 2), (2, 2)]) == 5_000
    assert real([{"unit": "megapixel", "price": "30000"}], sizes=[(1000, 1000), (2000, 500)]) == 60_000


def test_one_picture_without_a_price_makes_the_whole_unknown():
    sized = [{"unit": "image", "price": "1000", "when": {"size": "1x1"}}]

    assert real(sized, sizes=[(1, 1), (2, 2)]) is None


@pytest.mark.parametrize("sizes", [[], [SQUARE]])
def test_an_empty_table_says_unknown_and_not_nought(sizes):
    assert real([], sizes=sizes) is None


def test_no_picture_is_no_free_picture():
    assert real(PER_IMAGE, sizes=[]) is None


@pytest.mark.parametrize(("quality", "micros"), [("low", 5_000), ("high", 9_000), ("max", None), (None, None)])
def test_a_quality_left_open_leaves_the_price_open(quality, micros):
    by_quality = [
        {"unit": "image", "price": "5000", "when": {"quality": "low"}},
        {"unit": "image", "price": "9000", "when": {"quality": "high"}},
    ]

    assert real(by_quality, quality=quality) == micros


def test_a_resolution_is_never_certain():
    assert real([{"unit": "image", "price": "5000", "when": {"resolution": "1K"}}]) is None
