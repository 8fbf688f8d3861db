"""Bytes and values of any kind: what was wanted, or its empty value."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.ai.providers.json_values import date_of, decode_json, split_tokens, token_count, usage_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON.filter(lambda value: "Infinity" not in json.dumps(value)))
def test_what_is_json_is_what_it_says(value):
    assert decode_json(json.dumps(value).encode()) == value


@given(body=st.binary(max_size=60) | st.binary(max_size=20).map(lambda inner: b'{"a": "' + inner + b'"}'))
def test_any_bytes_are_json_or_none(body):
    found = decode_json(body)

    assert found is None or json.loads(body) == found


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'"\x80"', b'{"\xff": 1}', b"[" * 100_000, b'"\\ud800"', b'{"a": 1', b"1" * 5000]
)
def test_what_is_no_json_is_none(body):
    assert decode_json(body) is None


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2026-11-30T23:59:59Z", date(2026, 11, 30)),
        ("soon", None),
        ("", None),
        (20261201, None),
        (["2026-12-01"], None),
    ],
)
def test_a_day_is_read_from_a_date_or_a_time(stated, day):
    assert date_of(stated) == day


@pytest.mark.parametrize("value", [0, -1, True, "9", 1.5, None, 10**9 + 1, [], {}])
def test_what_is_no_number_of_tokens_is_none(value):
    assert token_count(value) == 0


@given(total=st.integers(0, 99), pictures=st.integers(0, 99), others=st.integers(0, 99), rest_is_pictures=st.booleans())
def test_no_token_is_lost(total, pictures, others, rest_is_pictures):
    split = split_tokens(total, pictures=pictures, others=others, rest_is_pictures=rest_is_pictures)

    assert sum(split) == max(total, pictures + others)


def test_nothing_counted_is_no_usage():
    assert usage_of(inputs=(0, 0), outputs=(0, 0)) is None
