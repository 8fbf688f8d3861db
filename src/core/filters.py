"""Filters of lists, strict as bodies are: a name that the list does not know is an error, not ignored."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from src.core.errors import FieldError, InvalidFields

PAGE_PARAMETERS = frozenset({"cursor", "page_size"})


class StrictFilterBackend(DjangoFilterBackend):
    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        """Raises InvalidFields(unknown_field) for a query parameter that is neither a filter nor of the page."""
        filterset_class = self.get_filterset_class(view, queryset)
        known = PAGE_PARAMETERS | set(filterset_class.base_filters if filterset_class else ())
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise InvalidFields({name: [FieldError("unknown_field")] for name in unknown})
        return super().filter_queryset(request, queryset, view)
