"""Filters of lists; they run in the database."""

from django.db.models import Q
from django_filters import rest_framework as filters

from src.ai.models import AIModel
from src.ai.models.model import AIModelQuerySet


class UsableModelFilter(filters.FilterSet):
    """`provider`: a slug. `search`: a part of the model's id or name; `%` and `_` are plain characters."""

    provider = filters.CharFilter(field_name="provider__slug")
    search = filters.CharFilter(method="by_text")

    class Meta:
        model = AIModel
        fields: list[str] = []

    def by_text(self, rows: AIModelQuerySet, name: str, text: str) -> AIModelQuerySet:
        return rows.filter(Q(model_id__icontains=text) | Q(display_name__icontains=text))
