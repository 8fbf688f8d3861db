"""Messages of the library."""

from django.utils.translation import gettext_lazy as _

MEDIA_ERRORS = {
    "original_missing": _("The picture's file is missing from the storage."),
}
