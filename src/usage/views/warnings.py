"""Warnings of limits that are nearly or fully used."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from src.core.filters import StrictFilterBackend
from src.core.schema import envelope_of
from src.usage.models import LimitWarning
from src.usage.pagination import NewestFirst
from src.usage.people import names_of
from src.usage.serializers.warnings import LimitWarningSerializer
from src.usage.services.limit_warnings import warnings_for
from src.usage.views.base import UsageView


class LimitWarningListView(UsageView, GenericAPIView):
    queryset: QuerySet[LimitWarning] = LimitWarning.objects.none()
    serializer_class = LimitWarningSerializer
    filter_backends = [StrictFilterBackend]
    pagination_class = NewestFirst

    @extend_schema(responses=envelope_of(LimitWarningSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """Limits of which 80 or 100 percent are spent, newest first: all for super admins, else those of one's own
        limits."""
        page = self.paginate_queryset(self.filter_queryset(warnings_for(request.user))) or []
        names = names_of({warning.person_id for warning in page if warning.person_id is not None})
        return self.get_paginated_response(LimitWarningSerializer(page, many=True, context={"names": names}).data)
