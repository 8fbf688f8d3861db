"""People, groups, tokens, invitations and the audit table in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from src.accounts.models import ApiToken, AuditEntry, Invitation, User
from src.accounts.services.people import record_person, update_person
from src.core.admin_site import ReadOnlyAdmin, ServiceAdmin, ServiceForm, name_model

name_model(User, _("person"), _("people"))
name_model(ApiToken, _("API token"), _("API tokens"))
name_model(Invitation, _("invitation"), _("invitations"))
name_model(AuditEntry, _("audit entry"), _("audit entries"))

admin.site.unregister(Group)


class PersonForm(ServiceForm):
    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "is_active", "is_superuser", "groups")

    def apply(self, changes: dict[str, Any]) -> None:
        if "groups" in changes:
            changes["groups"] = [group.name for group in changes["groups"]]
        if "is_superuser" in changes:
            changes["is_super_admin"] = changes.pop("is_superuser")
        update_person(person_id=self.instance.pk, changes=changes, actor=self.actor)


@admin.register(User)
class PersonAdmin(ServiceAdmin, UserAdmin):
    form = PersonForm
    fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("username", "last_login", "date_joined")
    filter_horizontal = ("groups",)
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    date_hierarchy = "date_joined"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return ServiceAdmin.get_form(self, request, obj, change=change, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        with transaction.atomic():
            answer = super().user_change_password(request, id, form_url)
            if answer.status_code == 302:
                record_person("password_changed", User.objects.get(pk=id), actor=request.user)  # type: ignore[arg-type]
        return answer


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    search_fields = ("name",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "last4", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    date_hierarchy = "created_at"


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "invited_by", "is_super_admin", "created_at", "expires_at", "used_at", "revoked_at")
    list_select_related = ("invited_by",)
    list_filter = ("is_super_admin",)
    search_fields = ("email", "invited_by__username")
    date_hierarchy = "created_at"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "actor_name", "channel", "action", "object_type", "object_label")
    list_filter = ("channel", "object_type")
    search_fields = ("action", "actor_name", "object_label", "object_id", "request_id")
    date_hierarchy = "created_at"
