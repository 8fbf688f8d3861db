"""Filters of lists; they run in the database."""

from django.db.models import Q
from django_filters import rest_framework as filters

from src.ai.models import AIModel, Capability
from src.ai.models.model import PICTURE_CAPABILITIES, AIModelQuerySet


class UsableModelFilter(filters.FilterSet):
    """`provider`: a slug. `search`: a part of the model's id or name; `%` and `_` are plain characters. `can`: `image`
    (also where it is left out) or `image_edit`."""

    provider = filters.CharFilter(field_name="provider__slug")
    search = filters.CharFilter(method="by_text")
    can = filters.ChoiceFilter(
        choices=[(each.value, each.value) for each in PICTURE_CAPABILITIES],
    )

    class Meta:
        model = AIModel
        fields: list[str] = []

    def filter_queryset(self, queryset: AIModelQuerySet) -> AIModelQuerySet:
        capability = self.form.cleaned_data.pop("can") or Capability.IMAGE
        return super().filter_queryset(queryset).that_can(Capability(capability))

    def by_text(self, rows: AIModelQuerySet, name: str, text: str) -> AIModelQuerySet:
        return rows.filter(Q(model_id__icontains=text) | Q(display_name__icontains=text))
