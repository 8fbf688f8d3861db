"""Every state comes with a reason, and with what would change it."""

import pytest
from django.utils import translation

from src.ai.access import AccessSubject, Explanation, ModelAccessState
from src.ai.messages import AI_REASONS
from src.ai.models import AdminProviderSettings, AIModel, AIProvider
from src.core.messages import is_registered, text_for
from tests.ai.access.truth import TODAY, all_cases, facts_of

PERSIAN_LETTERS = set("ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی")


@pytest.fixture(scope="module")
def explanations() -> list[Explanation]:
    return [ModelAccessState.explain(*facts_of(case), today=TODAY) for case in all_cases()]


def test_every_state_has_a_reason(explanations):
    assert {found.reason for found in explanations} == AI_REASONS.keys()


def test_every_state_without_a_key_has_a_remedy_and_no_other(explanations):
    assert {bool(found.remedy) for found in explanations if found.state.key_source} == {False}
    assert {bool(found.remedy) for found in explanations if not found.state.key_source} == {True}


def test_every_reason_and_remedy_is_said_in_persian(explanations):
    said = {(code, tuple(found.params.items())) for found in explanations for code in (found.reason, found.remedy)}

    with translation.override("fa"):
        for code, params in said:
            assert not code or (is_registered(code) and PERSIAN_LETTERS & set(text_for(code, **dict(params))))


def test_the_key_source_follows_the_state():
    assert {state: state.key_source for state in ModelAccessState} == {
        "AVAILABLE_SHARED": "shared",
        "AVAILABLE_PERSONAL": "personal",
        "NO_ACCESS": None,
        "DISABLED": None,
    }


OPEN = {"is_active": True, "allow_shared_for_normal_admins": True, "allow_personal_keys": True, "adapter": "openai"}
SET_ASIDE = {"key_status": "unchecked", "key_reason": "origin_changed"}
ENDED = AIModel(shutdown_date=TODAY, replacement="newer")


@pytest.mark.parametrize(
    ("provider", "model", "person", "own", "reason", "remedy"),
    [
        ({"is_active": False}, None, {}, None, "provider_inactive", "ask_super_admin_to_activate_provider"),
        ({}, None, {"is_active": False}, None, "person_inactive", "ask_super_admin_to_activate_account"),
        ({}, AIModel(is_active=False), {}, None, "model_inactive", "ask_super_admin_to_activate_model"),
        ({}, ENDED, {}, None, "model_shut_down", "choose_replacement"),
        ({}, AIModel(shutdown_date=TODAY), {}, None, "model_shut_down", "choose_another_model"),
        ({}, None, {"may_generate": False}, None, "permission_missing", "ask_super_admin_for_permission"),
        ({}, None, {}, None, "no_key", "enter_personal_key"),
        ({"allow_personal_keys": False}, None, {}, None, "no_key", "ask_super_admin_for_key"),
        ({"key_status": "invalid"}, None, {}, None, "shared_key_invalid", "enter_personal_key"),
        (
            {"key_status": "valid", "allow_shared_for_normal_admins": False},
            None,
            {},
            None,
            "shared_key_reserved",
            "enter_personal_key",
        ),
        ({}, None, {}, {"key_status": "invalid"}, "personal_key_invalid", "enter_personal_key"),
        ({}, None, {}, {"key_status": "valid", "is_active": False}, "personal_key_inactive", "switch_personal_key_on"),
        ({}, None, {}, SET_ASIDE, "personal_key_set_aside", "enter_personal_key"),
        ({"key_status": "valid"}, None, {}, None, "shared_key_only", ""),
        ({"adapter": "sandbox"}, None, {}, None, "no_key_needed", ""),
        ({}, None, {}, {"key_status": "valid"}, "personal_key_only", ""),
        ({"key_status": "valid"}, None, {}, {"key_status": "valid"}, "personal_key_preferred", ""),
        (
            {"key_status": "valid"},
            None,
            {},
            {"key_status": "valid", "use_shared_api": True},
            "shared_key_preferred",
            "",
        ),
    ],
)
def test_the_reason_names_what_decided(provider, model, person, own, reason, remedy):
    settings = {1: AdminProviderSettings(**own)} if own else {}
    subject = AccessSubject(
        **{"id": 1, "is_active": True, "is_super_admin": False, "may_generate": True, "settings": settings, **person}
    )

    found = ModelAccessState.explain(AIProvider(pk=1, **{**OPEN, **provider}), model, subject, today=TODAY)

    assert (found.reason, found.remedy) == (reason, remedy)


def test_a_model_that_ended_names_its_date_and_replacement():
    subject = AccessSubject(id=1, is_active=True, is_super_admin=True, may_generate=True)

    found = ModelAccessState.explain(AIProvider(pk=1, **OPEN), ENDED, subject, today=TODAY)

    assert found.params == {"date": "2026-11-24", "replacement": "newer"}
