"""Django's admin, for super admins: whoever is one, whatever `is_staff` says."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from src.core.admin_labels import label_columns
from src.core.audit import record
from src.core.errors import AppError, InvalidFields
from src.core.messages import text_for

# Columns that nobody needs to see, though what they hold is sealed or hashed.
NEVER_SHOWN = frozenset(
    {"password", "key_sealed", "key_fingerprint", "vault_id", "secret_hash", "token_hash", "search_text"}
)


class SuperAdminForm(AuthenticationForm):
    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not user.is_superuser:
            raise ValidationError(text_for("permission_denied"), code="permission_denied")


class SuperAdminSite(admin.AdminSite):
    site_title = site_header = _("Negareh")
    index_title = _("Administration")
    site_url = None
    login_form = SuperAdminForm

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @transaction.atomic
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """One's own. A redirect means that it was changed."""
        answer = super().password_change(request, extra_context)
        if request.method == "POST" and answer.status_code == 302:
            record(
                "person.password_changed",
                actor=request.user,
                object_type="person",
                object_id=request.user.pk,
                object_label=request.user.get_username(),
            )
        return answer


def name_model(model: type[Model], one: Any, many: Any) -> None:
    """What the admin calls it and its columns. Not in the model's Meta, where a wording would be a migration."""
    model._meta.verbose_name, model._meta.verbose_name_plural = one, many
    label_columns(model)


class OwnLook(admin.ModelAdmin):
    """What all pages of rows share."""

    list_per_page = 50
    show_full_result_count = False

    class Media:
        css = {"all": ("core/admin.css",)}


class ReadOnlyAdmin(OwnLook):
    """Shows rows and changes none, not by address either."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [*self.opts.fields, *self.opts.many_to_many]
        return [field.name for field in fields if field.name not in NEVER_SHOWN]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ServiceForm(forms.ModelForm):
    """A form whose changes a service makes, with all that it checks and records; `save` writes nothing."""

    actor: Any = None
    outcome: str = ""
    """The code of what the service says of it."""

    def apply(self, changes: dict[str, Any]) -> None:
        """Call the service with what was changed. May raise AppError."""
        raise NotImplementedError

    def full_clean(self) -> None:
        super().full_clean()
        if not self.is_bound or self.errors or not self.has_changed():
            return
        try:
            self.apply({name: self.cleaned_data[name] for name in self.changed_data})
        except InvalidFields as exc:
            for name, problems in exc.fields.items():
                for problem in problems:
                    self.add_error(name if name in self.fields else None, text_for(problem.code, **problem.params))
        except AppError as exc:
            self.add_error(None, text_for(exc.code, **exc.params))

    def save(self, commit: bool = True) -> Any:
        return self.instance

    def save_m2m(self) -> None:
        """The service has done so."""


class ServiceAdmin(OwnLook):
    """Rows that are changed by a `ServiceForm`; none is added or deleted here."""

    warnings: tuple[str, ...] = ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.actor = request.user
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Without the transaction that Django opens here: services own theirs, and none may be open while one asks
        a provider."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form's service has done so; what it warns of is said beside Django's word of success."""
        if form.outcome in self.warnings:
            self.message_user(request, text_for(form.outcome), messages.WARNING)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
