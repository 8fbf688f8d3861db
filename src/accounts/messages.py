"""Messages of people and tokens."""

from django.utils.translation import gettext_lazy as _

ACCOUNTS_ERRORS = {
    "unknown_scope": _("There is no scope %(scope)s."),
}
