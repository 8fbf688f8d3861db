"""Messages of limits and budgets."""

from django.utils.translation import gettext_lazy as _

USAGE_ERRORS = {
    "budget_exceeded": _("The budget of this month does not cover this request."),
    "monthly_limit_reached": _("Your picture limit for this month is reached."),
}
