"""The audit table, for super admins."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.filters import AuditFilter
from src.accounts.models import AuditEntry
from src.accounts.pagination import NewestFirst
from src.accounts.permissions import SuperAdminOnly
from src.accounts.serializers.audit import AuditEntrySerializer
from src.accounts.services.audit_export import export_audit
from src.accounts.views.caller import person_of
from src.core.csv_answers import answer_with_csv
from src.core.file_answers import FileNegotiation
from src.core.filters import StrictFilterBackend
from src.core.schema import envelope_of
from src.core.token_scopes import AUDIT


class AuditListView(GenericAPIView):
    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    permission_classes = [SuperAdminOnly]
    filter_backends = [StrictFilterBackend]
    filterset_class = AuditFilter
    pagination_class = NewestFirst

    def get_required_scope(self) -> str:
        return AUDIT

    @extend_schema(responses=envelope_of(AuditEntrySerializer, paged=True))
    def get(self, request: Request) -> Response:
        """What was done, newest first. `action` is exact, or all that begin with `provider_key.`."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class AuditExportView(FileNegotiation, GenericAPIView):
    queryset = AuditEntry.objects.all()
    permission_classes = [SuperAdminOnly]
    filter_backends = [StrictFilterBackend]
    filterset_class = AuditFilter
    pagination_class = None

    def get_required_scope(self) -> str:
        return AUDIT

    @extend_schema(filters=True, responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> StreamingHttpResponse:
        """The same as CSV, all of it. The export is itself recorded."""
        rows = self.filter_queryset(self.get_queryset())
        pieces = export_audit(rows=rows, filters=request.query_params.dict(), actor=person_of(request))
        return answer_with_csv(pieces, filename="audit.csv")
