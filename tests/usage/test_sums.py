"""Whatever is reserved and ended, the counters are what the ledger adds up to."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.usage.models import Counter
from src.usage.services import LimitReached, ScopeLimit, release, reserve, settle
from tests.usage.conftest import PERSON, PROVIDER, counted, counted_by_ledger, movement

GENERATIONS = [uuid4() for _ in range(5)]
IMAGES, MICROS = st.integers(0, 4), st.none() | st.integers(0, 60)
ACTIONS = st.tuples(st.sampled_from(["reserve", "settle", "release"]), st.sampled_from(GENERATIONS), IMAGES, MICROS)
LIMITS = st.tuples(st.none() | st.integers(0, 8), st.none() | st.integers(0, 120))


def used(scope, name: str) -> int:
    return sum(value for key, value in counted(scope).items() if key.endswith(name))


def act(action, generation_id, images, micros, limits) -> bool:
    made = movement(generation_id)
    try:
        with transaction.atomic():
            if action == "reserve":
                reserve(movement=made, limits=limits, images=images, micros=micros)
            elif action == "settle":
                settle(movement=made, images=images, micros=micros)
            else:
                release(movement=made)
    except (LimitReached, IntegrityError):
        return False
    return True


@given(st.lists(ACTIONS, max_size=12), LIMITS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.django_db
def test_counters_equal_the_ledger_and_reserving_never_passes_a_limit(actions, most):
    max_images, max_micros = most
    limits = [ScopeLimit(PERSON, max_images, max_micros), ScopeLimit(PROVIDER)]
    with transaction.atomic():
        for action, generation_id, images, micros in actions:
            passed = act(action, generation_id, images, micros, limits)

            assert counted(PERSON) == counted(PROVIDER) == counted_by_ledger(PERSON) == counted_by_ledger(PROVIDER)
            assert all(value >= 0 for value in counted().values())
            if passed and action == "reserve":
                assert max_images is None or used(PERSON, "images") <= max_images
                assert max_micros is None or not micros or used(PERSON, "micros") <= max_micros
        transaction.set_rollback(True)
    assert not Counter.objects.exists()
