"""Messages of limits, budgets and reports."""

from django.utils.translation import gettext_lazy as _

USAGE_SUCCESS = {
    "team_limits_saved": _("The team's limits were saved."),
    "person_limit_saved": _("The person's daily limit was saved."),
}

USAGE_ERRORS = {
    "budget_exceeded": _("The budget of this month does not cover this request."),
    "daily_limit_reached": _("Your pictures for today are used up."),
    "monthly_limit_reached": _("Your picture limit for this month is reached."),
    "default_has_no_number": _("A person with everyone's limit has no number of their own: leave this out."),
    "ends_before_it_begins": _("The report must not end before it begins."),
    "not_provider_and_model": _("Write the model as provider/model."),
}

KEY_SOURCE_LABELS = {
    "key_source_shared": _("the team's key"),
    "key_source_personal": _("personal keys"),
}

LIMIT_WARNINGS = {
    "limit_warning_team_images": _(
        "The team has reached %(percent)s percent of the pictures allowed in the period %(period)s."
    ),
    "limit_warning_team_budget": _("The team has reached %(percent)s percent of its budget in the period %(period)s."),
    "limit_warning_provider_images": _(
        "The team has reached %(percent)s percent of the pictures allowed at %(provider)s in the period %(period)s."
    ),
    "limit_warning_provider_budget": _(
        "The team has reached %(percent)s percent of the budget for %(provider)s in the period %(period)s."
    ),
    "limit_warning_person_images": _(
        "%(person)s has reached %(percent)s percent of their pictures at %(provider)s in the period %(period)s."
    ),
    "limit_warning_person_budget": _(
        "%(person)s has reached %(percent)s percent of their budget for %(provider)s in the period %(period)s."
    ),
    "limit_warning_day_images": _("%(person)s has reached %(percent)s percent of their pictures for %(period)s."),
    "limit_warning_day_budget": _("%(person)s has reached %(percent)s percent of their budget for %(period)s."),
}

WARNING_LETTER = {
    "limit_warning_subject": _("Negareh: a limit is nearly or fully used"),
    "limit_warning_letter": _("Limits and budgets of your team:"),
}
