"""A person and the subject made of one are judged alike; the subject costs its queries once."""

from datetime import UTC, date, datetime

import pytest

from src.accounts.models import User
from src.ai.access import GENERATE, AccessSubject, ModelAccessState, needs_key
from src.ai.models import AIModel, AIProvider
from tests.factories import make_model, make_provider, make_sandbox, make_settings

STATES = {
    ("super_admin", True): "AVAILABLE_PERSONAL",
    ("ai_manager", True): "AVAILABLE_PERSONAL",
    ("stranger", True): "NO_ACCESS",
    ("super_admin", False): "DISABLED",
    ("ai_manager", False): "DISABLED",
}


@pytest.mark.parametrize(("name", "is_active"), STATES)
def test_a_person_and_the_subject_have_the_same_state(request, name, is_active):
    person = request.getfixturevalue(name)
    person.is_active = is_active
    person.save()
    provider = make_provider()
    model = make_model(provider)
    make_settings(person, provider, key="sk-test-personal")

    as_subject = ModelAccessState.calculate(provider, model, AccessSubject.of(person))

    assert as_subject == ModelAccessState.calculate(provider, model, person) == STATES[name, is_active]


def test_the_settings_of_another_person_or_provider_do_not_count(ai_manager, other_manager):
    provider, elsewhere = make_provider(key=None), make_provider("elsewhere", key=None)
    make_settings(other_manager, provider, key="sk-test-personal")
    make_settings(ai_manager, elsewhere, key="sk-test-personal")

    assert ModelAccessState.calculate(provider, None, ai_manager) == "NO_ACCESS"
    assert ModelAccessState.calculate(elsewhere, None, ai_manager) == "AVAILABLE_PERSONAL"


def test_a_subject_costs_one_query_and_two_for_the_permissions(ai_manager, django_assert_num_queries):
    fresh = User.objects.get(pk=ai_manager.pk)

    with django_assert_num_queries(3):
        AccessSubject.of(fresh)
    with django_assert_num_queries(1):
        AccessSubject.of(fresh)


def test_a_subject_of_a_person_who_was_let_in_costs_one_query(ai_manager, django_assert_num_queries):
    person = User.objects.get(pk=ai_manager.pk)
    person.has_perm(GENERATE)

    with django_assert_num_queries(1):
        AccessSubject.of(person)


def test_a_subject_judges_many_models_without_a_query(ai_manager, django_assert_num_queries):
    provider = make_provider()
    models = [make_model(provider, f"model-{number}") for number in range(20)]
    make_settings(ai_manager, provider, key="sk-test-personal")
    subject = AccessSubject.of(ai_manager)

    with django_assert_num_queries(0):
        states = {ModelAccessState.calculate(provider, model, subject) for model in models}

    assert states == {"AVAILABLE_PERSONAL"}


SUBJECT = AccessSubject(id=1, is_active=True, is_super_admin=True, may_generate=True)
SANDBOX = AIProvider(pk=1, slug="sandbox", adapter="sandbox", is_active=True)


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 11, 30), "AVAILABLE_SHARED"),
        (date(2026, 12, 1), "DISABLED"),
        (date(2026, 12, 2), "DISABLED"),
    ],
)
def test_a_model_ends_with_the_first_moment_of_its_date(today, state):
    model = AIModel(shutdown_date=date(2026, 12, 1))

    assert ModelAccessState.calculate(SANDBOX, model, SUBJECT, today=today) == state


def test_today_is_the_day_in_utc():
    ends_today = AIModel(shutdown_date=datetime.now(UTC).date())

    assert ModelAccessState.calculate(SANDBOX, ends_today, SUBJECT) == "DISABLED"


@pytest.mark.parametrize(
    ("adapter", "config", "answer"),
    [
        ("openai", {}, True),
        ("openai", {"needs_key": False}, True),
        ("sandbox", {}, False),
        ("sandbox", {"needs_key": True}, False),
        ("openai_compatible", {}, True),
        ("openai_compatible", {"needs_key": False}, False),
        ("not-built-yet", {"needs_key": False}, True),
    ],
)
def test_only_the_sandbox_and_a_local_server_that_says_so_need_no_key(adapter, config, answer):
    assert needs_key(AIProvider(adapter=adapter, config=config)) is answer


def test_the_sandbox_without_a_key_is_shared_under_the_same_rule(ai_manager, super_admin):
    closed = make_sandbox(allow_shared_for_normal_admins=False)

    assert ModelAccessState.calculate(closed, None, ai_manager) == "NO_ACCESS"
    assert ModelAccessState.calculate(closed, None, super_admin) == "AVAILABLE_SHARED"
