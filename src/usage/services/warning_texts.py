"""A warning in words."""

from src.core.messages import text_for
from src.core.text import isolated
from src.usage.models import LimitUnit, LimitWarning
from src.usage.scopes import PERSON_DAY, PERSON_PROVIDER, PROVIDER, TEAM

CODES = {
    (TEAM, LimitUnit.IMAGES): "limit_warning_team_images",
    (TEAM, LimitUnit.MICROS): "limit_warning_team_budget",
    (PROVIDER, LimitUnit.IMAGES): "limit_warning_provider_images",
    (PROVIDER, LimitUnit.MICROS): "limit_warning_provider_budget",
    (PERSON_PROVIDER, LimitUnit.IMAGES): "limit_warning_person_images",
    (PERSON_PROVIDER, LimitUnit.MICROS): "limit_warning_person_budget",
    (PERSON_DAY, LimitUnit.IMAGES): "limit_warning_day_images",
    (PERSON_DAY, LimitUnit.MICROS): "limit_warning_day_budget",
}


def text_of_warning(warning: LimitWarning, *, person: str) -> str:
    """In the active language. `person` is the name of whose scope it is, "" where it is nobody's."""
    params = {"percent": warning.percent, "period": warning.period}
    if warning.person_id is not None:
        params["person"] = isolated(person)
    if warning.provider_slug:
        params["provider"] = warning.provider_slug
    return text_for(CODES[warning.scope_kind, LimitUnit(warning.unit)], **params)
