"""Filters of lists; they run in the database."""

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from src.ai.models import UNFINISHED, AIModel, Capability, Charged, GenerationStatus, ImageGeneration
from src.ai.models.model import PICTURE_CAPABILITIES, AIModelQuerySet
from src.core.filters import WholeNumberFilter


class JobFilter(filters.FilterSet):
    """`is_finished`: true or false. `owner`: a person's number."""

    status = filters.ChoiceFilter(choices=GenerationStatus.choices)
    charged = filters.ChoiceFilter(choices=Charged.choices)
    provider = filters.CharFilter(field_name="provider__slug")
    owner = WholeNumberFilter(field_name="admin_id")
    is_finished = filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="by_end")

    class Meta:
        model = ImageGeneration
        fields: list[str] = []

    def by_end(self, rows: QuerySet[ImageGeneration], name: str, text: str) -> QuerySet[ImageGeneration]:
        return rows.exclude(status__in=UNFINISHED) if text == "true" else rows.filter(status__in=UNFINISHED)


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
