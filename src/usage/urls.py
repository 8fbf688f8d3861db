"""Addresses below `/api/usage/`."""

from django.urls import path

from src.usage.views import limits, report, warnings

urlpatterns = [
    path("", report.UsageReportView.as_view()),
    path("report.csv/", report.UsageReportExportView.as_view()),
    path("warnings/", warnings.LimitWarningListView.as_view()),
    path("limits/", limits.TeamLimitsView.as_view()),
    path("limits/mine/", limits.OwnLimitsView.as_view()),
    path("limits/people/<int:user_id>/", limits.PersonDayLimitView.as_view()),
]
