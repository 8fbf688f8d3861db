"""Messages of webhooks: code -> lazy text."""

from django.utils.translation import gettext_lazy as _

WEBHOOKS_SUCCESS = {
    "webhook_created": _("The webhook was made. Copy its secret now: it is not shown again."),
    "webhook_updated": _("The webhook was saved."),
    "webhook_secret_rotated": _("The webhook was saved with a new secret. Copy it now: it is not shown again."),
    "webhook_deleted": _("The webhook and the record of its deliveries were deleted."),
    "webhook_test_queued": _("The test message was put in line and is sent shortly."),
    "webhook_delivery_queued": _("The message was put in line again and is sent shortly."),
}

WEBHOOKS_ERRORS = {
    "webhook_url_not_allowed": _(
        "This address is not called: it must be https and public, or allowed as a private address."
    ),
    "webhook_secret_invalid": _("The secret must be whsec_ followed by the Base64 of 24 to 64 bytes."),
    "webhook_switched_off": _("The webhook is switched off. Switch it on first."),
    "webhook_delivery_pending": _("This message is still in line and is sent without being asked."),
}
