"""Providers, models, limits and generations in the admin. Keys go in by their own fields and never come out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError as FieldRefused

from src.ai.models import AdminProviderSettings, AIModel, AIProvider, GenerationOutput, ImageGeneration, ProviderCall
from src.ai.serializers.fields import SharedKeyField
from src.ai.serializers.provider_serializer import MAX_JOBS_AT_ONCE
from src.ai.services.model_service import update_model
from src.ai.services.model_sync import SyncReport, sync_models
from src.ai.services.model_warnings import describe_warnings
from src.ai.services.personal_settings import LIMITS, change_limits
from src.ai.services.provider_service import RemoveKey, update_provider
from src.core.admin_labels import LABELS
from src.core.admin_site import ReadOnlyAdmin, ServiceAdmin, ServiceForm, name_model
from src.core.errors import AppError
from src.core.messages import text_for

SYNC_COUNTS = _(
    "Listed: %(listed)s; new: %(created)s, changed: %(updated)s, unchanged: %(unchanged)s, no longer listed: "
    "%(vanished)s, listed again: %(returned)s, ending within 30 days: %(ending)s; fields left as an operator has "
    "them: %(kept)s."
)

name_model(AIProvider, _("provider"), _("providers"))
name_model(AIModel, _("model"), _("models"))
name_model(AdminProviderSettings, _("person's settings"), _("people's settings"))
name_model(ImageGeneration, _("generation"), _("generations"))
name_model(ProviderCall, _("provider call"), _("provider calls"))
name_model(GenerationOutput, _("generated picture"), _("generated pictures"))


class ProviderForm(ServiceForm):
    website = forms.URLField(label=LABELS["website"], required=False, max_length=300, assume_scheme="https")
    max_jobs_at_once = forms.IntegerField(
        label=LABELS["max_jobs_at_once"], required=False, min_value=1, max_value=MAX_JOBS_AT_ONCE
    )
    new_key = forms.CharField(
        label=_("New shared key"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
        help_text=_("Left empty, the key stays as it is. A new one is checked with the service."),
    )
    remove_key = forms.BooleanField(label=_("Remove the shared key"), required=False)

    class Meta:
        model = AIProvider
        fields = (
            *("name", "display_name", "description", "website", "adapter", "api_base_url", "is_active"),
            *("allow_personal_keys", "allow_shared_for_normal_admins", "allow_private_address"),
            *("monthly_budget_micros", "max_jobs_at_once", "unknown_price_policy", "sort_order"),
        )

    def clean_new_key(self) -> Any:
        try:
            key = SharedKeyField().to_internal_value(self.cleaned_data["new_key"])
        except FieldRefused as exc:
            # A refused field holds one code and one text.
            code, text = exc.get_codes()[0], str(exc.detail[0])  # type: ignore[index]
            raise ValidationError(text if code == "too_long" else text_for(str(code)), code=str(code)) from exc
        return None if key is RemoveKey else key

    def apply(self, changes: dict[str, Any]) -> None:
        key = changes.pop("new_key", None) or (RemoveKey if changes.get("remove_key") else None)
        changes.pop("remove_key", None)
        saved = update_provider(provider_id=self.instance.pk, changes=changes, key=key, actor=self.actor)
        self.outcome = saved.code


@admin.register(AIProvider)
class ProviderAdmin(ServiceAdmin):
    form = ProviderForm
    warnings = ("provider_saved_key_invalid", "provider_saved_key_unchecked")
    fieldsets = (
        (None, {"fields": ("slug", "name", "display_name", "description", "website", "sort_order")}),
        (_("Service"), {"fields": ("adapter", "api_base_url", "allow_private_address", "config", "is_active")}),
        (
            _("Shared key"),
            {"fields": ("masked_key", "key_status", "key_reason", "key_checked_at", "new_key", "remove_key")},
        ),
        (
            _("Access and budget"),
            {
                "fields": (
                    *("allow_personal_keys", "allow_shared_for_normal_admins"),
                    *("monthly_budget_micros", "max_jobs_at_once", "unknown_price_policy"),
                )
            },
        ),
        (_("Totals"), {"fields": ("total_requests", "total_images", "total_cost_micros", "last_used_at")}),
    )
    readonly_fields = (
        *("slug", "config", "masked_key", "key_status", "key_reason", "key_checked_at"),
        *("total_requests", "total_images", "total_cost_micros", "last_used_at"),
    )
    list_display = ("slug", "name", "adapter", "is_active", "key_status", "total_images", "last_used_at")
    list_filter = ("is_active", "key_status", "adapter")
    search_fields = ("slug", "name", "display_name")
    actions = ("bring_models_in_line",)

    @admin.action(description=_("Bring models in line with the service"), permissions=["change"])
    def bring_models_in_line(self, request: HttpRequest, queryset: QuerySet[AIProvider]) -> None:
        """Each by itself: a service that does not answer keeps no other from being read."""
        for provider in queryset:
            try:
                report = sync_models(provider_id=provider.pk, actor=request.user)
            except AppError as exc:
                self.message_user(request, f"{provider.label}: {text_for(exc.code, **exc.params)}", messages.ERROR)
            else:
                told = f"{provider.label}: {text_for('models_synced')} {describe_counts(report)}"
                self.message_user(request, told, messages.SUCCESS)


def describe_counts(report: SyncReport) -> str:
    counts = {
        "listed": report.listed,
        "unchanged": report.unchanged,
        **{
            name: len(getattr(report, name))
            for name in ("created", "updated", "vanished", "returned", "ending", "kept")
        },
    }
    return str(SYNC_COUNTS) % counts


class ModelForm(ServiceForm):
    class Meta:
        model = AIModel
        fields = ("display_name", "description", "is_active", "shutdown_date", "replacement", "sort_order")

    def apply(self, changes: dict[str, Any]) -> None:
        update_model(provider_id=self.instance.provider_id, model_pk=self.instance.pk, values=changes, actor=self.actor)


@admin.register(AIModel)
class ModelAdmin(ServiceAdmin):
    form = ModelForm
    readonly_fields = (
        *("provider", "model_id", "known_warnings", "origin", "listed_at", "vanished_at", "synced_fields"),
        *("capabilities", "image_spec", "pricing"),
        *("total_requests", "total_images", "total_cost_micros", "last_used_at"),
    )
    list_display = (
        *("model_id", "provider", "display_name", "is_active", "origin", "shutdown_date", "vanished_at"),
        *("total_images", "last_used_at"),
    )
    list_select_related = ("provider",)
    list_filter = ("is_active", "origin", ("vanished_at", admin.EmptyFieldListFilter), "provider")
    search_fields = ("model_id", "display_name")

    @admin.display(description=_("warnings"))
    def known_warnings(self, model: AIModel) -> str:
        return "\n".join(warning["message"] for warning in describe_warnings(model)) or "-"


class LimitsForm(ServiceForm):
    class Meta:
        model = AdminProviderSettings
        fields = LIMITS

    def apply(self, changes: dict[str, Any]) -> None:
        own = self.instance
        change_limits(provider_id=own.provider_id, person_id=own.admin_id, limits=changes, actor=self.actor)


@admin.register(AdminProviderSettings)
class PersonSettingsAdmin(ServiceAdmin):
    form = LimitsForm
    readonly_fields = (
        *("admin", "provider", "key_status", "use_shared_api", "is_active"),
        *("total_requests", "total_images", "total_cost_micros", "last_used_at"),
    )
    list_display = ("admin", "provider", "key_status", *LIMITS, "total_images", "last_used_at")
    list_select_related = ("admin", "provider")
    list_filter = ("provider", "key_status")
    search_fields = ("admin__username", "provider__slug")


@admin.register(ImageGeneration)
class GenerationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "admin", "provider", "model", "status", "charged", "cost_micros", "n")
    list_select_related = ("admin", "provider", "model")
    list_filter = ("status", "charged", "key_source", "provider")
    search_fields = ("=id", "admin__username", "model__model_id", "error_code")
    date_hierarchy = "created_at"


@admin.register(ProviderCall)
class ProviderCallAdmin(ReadOnlyAdmin):
    list_display = ("generation_id", "index", "attempt", "status", "charged", "cost_micros", "error_code", "sent_at")
    list_filter = ("status", "charged")
    search_fields = ("=generation__id", "upstream_request_id", "error_code")
    date_hierarchy = "sent_at"


@admin.register(GenerationOutput)
class GenerationOutputAdmin(ReadOnlyAdmin):
    list_display = ("generation_id", "index", "mime_type", "width", "height", "size_bytes", "cost_micros")
    list_filter = ("mime_type",)
    search_fields = ("=generation__id", "sha256")
