"""Filters of people and of the audit table; they run in the database."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from src.accounts.models import AuditEntry, User
from src.accounts.models.person import PersonQuerySet
from src.core.filters import MomentFilter

SEARCH_CHARS = 200


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
    `until` take moments or days."""

    action = filters.CharFilter(method="by_action", max_length=SEARCH_CHARS)
    actor = filters.CharFilter(field_name="actor_name")
    object_type = filters.CharFilter()
    object_id = filters.CharFilter()
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt", is_end=True)

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def by_action(self, rows: QuerySet[AuditEntry], name: str, action: str) -> QuerySet[AuditEntry]:
        return rows.filter(action__startswith=action) if action.endswith(".") else rows.filter(action=action)
