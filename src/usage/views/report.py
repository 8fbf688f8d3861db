"""What was used, by person, provider, model, key source or day."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from src.core.csv_answers import answer_with_csv
from src.core.envelope import success
from src.core.file_answers import FileNegotiation
from src.core.schema import envelope_of
from src.core.serializers import single_values
from src.usage.serializers.report import ReportQuerySerializer, ReportSerializer
from src.usage.services.report import Report, make_report
from src.usage.services.report_export import export_report
from src.usage.views.base import UsageView


class UsageReportView(UsageView):
    @extend_schema(parameters=[ReportQuerySerializer], responses=envelope_of(ReportSerializer))
    def get(self, request: Request) -> Response:
        """Requests, pictures and costs of everybody for super admins, else of oneself. A request belongs to the day it
        was accepted on."""
        return success("ok", ReportSerializer(_report(request)).data)


class UsageReportExportView(FileNegotiation, UsageView):
    @extend_schema(parameters=[ReportQuerySerializer], responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> StreamingHttpResponse:
        """The rows of the same report as CSV."""
        return answer_with_csv(export_report(_report(request)), filename="usage.csv")


def _report(request: Request) -> Report:
    serializer = ReportQuerySerializer(data=single_values(request.query_params))
    serializer.is_valid(raise_exception=True)
    return make_report(query=serializer.query(), asker=request.user)
