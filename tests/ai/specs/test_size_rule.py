"""Free sizes: multiples, ratio, area and edge, each to the pixel."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.ai.specs import SizeRule, read_image_spec, split_size


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        ({"step": 16}, [(16, 16), (1024, 768)], [(1024, 760), (1020, 1024), (8, 8)]),
        ({"min_px": 655_360}, [(1024, 640), (640, 1024)], [(1024, 639), (1, 655_359)]),
        ({"max_px": 1_048_576}, [(1024, 1024), (2048, 512)], [(1024, 1025)]),
        ({"max_edge": 3840}, [(3840, 3840)], [(3841, 1), (1, 3841)]),
        ({"aspect_min": 0.333333}, [(1, 3), (341, 1023), (1, 1)], [(333, 1000), (1, 4)]),
        ({"aspect_max": 3.0}, [(3, 1), (1023, 341)], [(1024, 341), (4, 1)]),
        ({}, [(1, 1), (99_999, 1)], []),
    ],
    ids=lambda value: next(iter(value), "no rule") if isinstance(value, dict) else "",
)
def test_a_rule_holds_to_the_pixel(rule, allowed, refused):
    rule = SizeRule(**rule)

    assert [pair for pair in allowed if not rule.allows(*pair)] == []
    assert [pair for pair in refused if rule.allows(*pair)] == []


@pytest.mark.parametrize("step", [0, -8, 1.5, "16"])
def test_a_step_that_is_no_number_of_pixels_is_no_rule(step):
    with pytest.raises(msgspec.ValidationError):
        read_image_spec({"size_rule": {"step": step}})


@given(st.integers(1, 99_999), st.integers(1, 99_999))
def test_a_size_is_read_as_it_is_written(width, height):
    assert split_size(f"{width}x{height}") == (width, height)


NO_SIZES = ["auto", "", None, "1024", "x", "1024x", "x768", "0x768", "768x0", "-8x8", "1024X768", "1024x768x3"]
ODD_DIGITS = [
    "۱۰۲۴x۷۶۸",
    "１０２４x768",
    "²x2",
    "01024x768",
    "1024x768\n",
    " 1024x768",
    "1024 x 768",
    "1_024x768",
    "1e3x8",
]


@pytest.mark.parametrize("text", [*NO_SIZES, *ODD_DIGITS, "9" * 5000 + "x1"])
def test_what_no_service_would_read_is_no_size(text):
    assert split_size(text) is None
