"""Webhooks and their deliveries in the admin, to look at: the API changes them."""

from django.contrib import admin
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from src.core.admin_site import ReadOnlyAdmin, name_model
from src.webhooks.models import Webhook, WebhookDelivery

COLUMNS = {
    "attempts": _("attempts"),
    "created_by": _("made by"),
    "event": _("event"),
    "events": _("events"),
    "failing_since": _("failing since"),
    "last_attempt_at": _("last attempt"),
    "last_error": _("last error"),
    "last_status": _("outcome of the last attempt"),
    "last_status_code": _("last HTTP status"),
    "next_attempt_at": _("next attempt"),
    "payload": _("contents"),
    "url": _("address"),
    "webhook": _("webhook"),
}


def name_columns(model: type[Model]) -> None:
    """Those that no other app has."""
    for field in model._meta.local_fields:
        field.verbose_name = COLUMNS.get(field.name, field.verbose_name)


name_model(Webhook, _("webhook"), _("webhooks"))
name_model(WebhookDelivery, _("webhook message"), _("webhook messages"))
name_columns(Webhook)
name_columns(WebhookDelivery)


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "description", "url", "is_active", "last_status", "last_attempt_at", "failing_since")
    list_filter = ("is_active", "last_status")
    search_fields = ("=id", "description", "url")
    date_hierarchy = "created_at"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "event", "webhook_id", "status", "attempts", "last_status_code", "last_error")
    list_filter = ("status", "event", "last_error")
    search_fields = ("=id", "=webhook__id", "event")
    date_hierarchy = "created_at"
