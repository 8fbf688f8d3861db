"""Every combination that the gate decides on, and an oracle that reads like the four rules of design.md, section 4."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product
from typing import NamedTuple

from src.ai.access import AccessSubject
from src.ai.models import AdminProviderSettings, AIModel, AIProvider, KeyStatus
from src.ai.models.keys import ORIGIN_CHANGED

TODAY = date(2026, 11, 24)
ENDS = {"ended yesterday": date(2026, 11, 23), "ends today": TODAY, "ends tomorrow": date(2026, 11, 25)}
SET_ASIDE = "set aside"
SHARED_KEYS = ("unset", "unchecked", "valid", "invalid")


class Settings(NamedTuple):
    active: bool
    key: str
    use_shared: bool


class Case(NamedTuple):
    provider_active: bool
    model: str
    person_active: bool
    role: str
    settings: Settings | None
    allow_personal_keys: bool
    shared_key: str
    shared_for_managers: bool
    needs_key: bool


def all_cases() -> Iterator[Case]:
    bits = (True, False)
    rows = [Settings(*values) for values in product(bits, (*SHARED_KEYS, SET_ASIDE), bits)]
    models = ("none", "active", "inactive", *ENDS)
    roles = ("super admin", "manager", "neither")
    axes = (bits, models, bits, roles, (None, *rows), bits, SHARED_KEYS, bits, bits)
    return (Case(*values) for values in product(*axes))


def expected_state(case: Case) -> str:
    """Straight from the rules, in their order."""
    rule_1 = (
        not case.provider_active
        or case.model in ("inactive", "ended yesterday", "ends today")
        or not case.person_active
    )
    if rule_1:
        return "DISABLED"
    if case.role == "neither":
        return "NO_ACCESS"
    personal_usable = (
        case.settings is not None
        and case.settings.active
        and case.settings.key in ("unchecked", "valid")
        and case.allow_personal_keys
    )
    has_shared_key = case.shared_key in ("unchecked", "valid") or not case.needs_key
    shared_usable = has_shared_key and (case.role == "super admin" or case.shared_for_managers)
    match personal_usable, shared_usable:
        case True, True:
            return "AVAILABLE_SHARED" if case.settings.use_shared else "AVAILABLE_PERSONAL"
        case True, False:
            return "AVAILABLE_PERSONAL"
        case False, True:
            return "AVAILABLE_SHARED"
    return "NO_ACCESS"


def facts_of(case: Case) -> tuple[AIProvider, AIModel | None, AccessSubject]:
    """The case as unsaved rows and a subject."""
    provider = _provider(
        case.provider_active, case.allow_personal_keys, case.shared_key, case.shared_for_managers, case.needs_key
    )
    subject = AccessSubject(
        id=1,
        is_active=case.person_active,
        is_super_admin=case.role == "super admin",
        may_generate=case.role != "neither",
        settings={} if case.settings is None else {provider.pk: _settings(case.settings)},
    )
    return provider, _model(case.model), subject


@cache
def _provider(is_active: bool, allow_personal: bool, key: str, shared_for_managers: bool, needs_key: bool):
    return AIProvider(
        pk=1,
        slug="any",
        name="Any",
        adapter="openai" if needs_key else "sandbox",
        is_active=is_active,
        allow_personal_keys=allow_personal,
        allow_shared_for_normal_admins=shared_for_managers,
        key_status=key,
    )


@cache
def _model(kind: str) -> AIModel | None:
    if kind == "none":
        return None
    return AIModel(model_id="any", is_active=kind != "inactive", shutdown_date=ENDS.get(kind))


@cache
def _settings(values: Settings) -> AdminProviderSettings:
    is_set_aside = values.key == SET_ASIDE
    return AdminProviderSettings(
        is_active=values.active,
        use_shared_api=values.use_shared,
        key_status=KeyStatus.UNCHECKED if is_set_aside else values.key,
        key_reason=ORIGIN_CHANGED if is_set_aside else "",
    )
