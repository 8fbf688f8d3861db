"""Ledger, counters, limits and warnings in the admin, to look at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from src.core.admin_site import ReadOnlyAdmin, name_model
from src.usage.models import Counter, LedgerEntry, LimitWarning, StandingLimit

name_model(LedgerEntry, _("ledger entry"), _("ledger entries"))
name_model(Counter, _("counter"), _("counters"))
name_model(StandingLimit, _("standing limit"), _("standing limits"))
name_model(LimitWarning, _("limit warning"), _("limit warnings"))


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "scope_kind", "scope_id", "period", "images", "micros", "provider_slug")
    list_filter = ("kind", "scope_kind", "key_source", "period")
    search_fields = ("=generation_id", "provider_slug", "model_id")
    date_hierarchy = "created_at"


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = (
        *("period", "scope_kind", "scope_id"),
        *("reserved_images", "spent_images", "reserved_micros", "spent_micros"),
    )
    list_filter = ("scope_kind", "period")
    search_fields = ("scope_id",)


@admin.register(StandingLimit)
class StandingLimitAdmin(ReadOnlyAdmin):
    list_display = ("scope_kind", "scope_id", "max_images", "max_micros", "updated_at")
    list_filter = ("scope_kind",)
    search_fields = ("scope_id",)


@admin.register(LimitWarning)
class LimitWarningAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "percent", "unit", "scope_kind", "scope_id", "period", "limit", "spent")
    list_filter = ("scope_kind", "percent", "unit")
    search_fields = ("scope_id", "provider_slug")
