"""The parts of a cost that the pictures of one generation bear."""

from hypothesis import given
from hypothesis import strategies as st

from src.ai.services.call_costs import share_of


@given(st.integers(0, 10**12), st.integers(1, 20))
def test_the_parts_add_up_and_differ_by_at_most_one(micros, count):
    parts = [share_of(micros, count, position) for position in range(count)]

    assert sum(parts) == micros
    assert max(parts) - min(parts) <= 1


def test_an_unknown_cost_has_unknown_parts():
    assert share_of(None, 3, 0) is None
