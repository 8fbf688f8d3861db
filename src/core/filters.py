"""Filters of lists, strict as bodies are: a name that the list does not know is an error, not ignored."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_aware
from django_filters import rest_framework as filters
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from src.core.errors import FieldError, InvalidFields

PAGE_PARAMETERS = frozenset({"cursor", "page_size"})


class StrictFilterBackend(DjangoFilterBackend):
    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        """Raises InvalidFields(unknown_field) for a query parameter that is neither a filter nor of the page."""
        filterset_class = self.get_filterset_class(view, queryset)
        known = set(filterset_class.base_filters if filterset_class else ())
        if getattr(view, "paginator", None) is not None:
            known |= PAGE_PARAMETERS
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise InvalidFields({name: [FieldError("unknown_field")] for name in unknown})
        return super().filter_queryset(request, queryset, view)


class MomentField(forms.CharField):
    """An ISO 8601 moment with its zone, or a day where the site is: its start; with `is_end`, that of the next."""

    default_error_messages = {"invalid": "invalid"}

    def __init__(self, *args: Any, is_end: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._is_end = is_end

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = self._start_of_day(text) or parse_datetime(text)
            if moment is not None and is_aware(moment):
                # In UTC: what is no moment there, the databases refuse.
                return moment.astimezone(UTC)
        except (ValueError, OverflowError) as exc:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from exc
        raise forms.ValidationError(self.error_messages["invalid"], code="invalid")

    def _start_of_day(self, text: str) -> datetime | None:
        day = parse_date(text)
        if day is None:
            return None
        day += timedelta(days=1 if self._is_end else 0)
        return datetime.combine(day, time(), ZoneInfo(settings.SITE_TIME_ZONE))


class MomentFilter(filters.Filter):
    field_class = MomentField


class WholeNumberField(forms.IntegerField):
    """A number that a column of ids can hold."""

    default_error_messages = {"invalid": "invalid"}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, min_value=1, max_value=2**63 - 1, **kwargs)
        # Django would take 1.0 for 1.
        self.re_decimal = re.compile("(?!)")


class WholeNumberFilter(filters.Filter):
    field_class = WholeNumberField
