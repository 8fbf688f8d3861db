"""The gate against an independent oracle, over every combination there is."""

from src.ai.access import ModelAccessState
from tests.ai.access.truth import TODAY, all_cases, expected_state, facts_of


def test_every_combination_has_the_state_that_the_rules_give(db, django_assert_num_queries):
    wrong, states = [], set()

    with django_assert_num_queries(0):
        for case in all_cases():
            state = ModelAccessState.calculate(*facts_of(case), today=TODAY)
            states.add(state)
            if state != expected_state(case):
                wrong.append((case, str(state), expected_state(case)))

    assert wrong == []
    assert states == set(ModelAccessState)
