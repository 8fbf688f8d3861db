"""Filters of people and of the audit table; they run in the database."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from src.accounts.models import AuditEntry, User
from src.accounts.models.person import PersonQuerySet

SEARCH_CHARS = 200


class MomentField(IsoDateTimeField):
    """An ISO 8601 moment that exists in UTC too."""

    default_error_messages = {"invalid": "invalid"}

    def clean(self, value: Any) -> datetime | None:
        try:
            moment = super().clean(value)
            return moment.astimezone(UTC) if moment else None
        except (OverflowError, ValueError) as exc:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from exc


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = MomentField


class PersonFilter(filters.FilterSet):
    """`search`: parts of username, names or e-mail, in any way of typing Persian. `group`: its name."""

    search = filters.CharFilter(method="by_text", max_length=SEARCH_CHARS)
    is_active = filters.BooleanFilter()
    is_super_admin = filters.BooleanFilter(field_name="is_superuser")
    group = filters.CharFilter(field_name="groups__name")

    class Meta:
        model = User
        fields: list[str] = []

    def by_text(self, rows: PersonQuerySet, name: str, text: str) -> PersonQuerySet:
        return rows.search(text)


class AuditFilter(filters.FilterSet):
    """`action`: exact, or all that begin with `provider_key.`. `actor`: a username as it was then. `since` and
    `until`: ISO 8601, the latter not included."""

    action = filters.CharFilter(method="by_action")
    actor = filters.CharFilter(field_name="actor_name")
    object_type = filters.CharFilter()
    object_id = filters.CharFilter()
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def by_action(self, rows: QuerySet[AuditEntry], name: str, action: str) -> QuerySet[AuditEntry]:
        return rows.filter(action__startswith=action) if action.endswith(".") else rows.filter(action=action)
