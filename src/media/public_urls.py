"""Addresses that anybody may fetch: `/p/{token}/{size}.{format}`."""

from django.urls import path

from src.media.views.publishing import PublishedPictureView

urlpatterns = [
    path("<slug:token>/<int:size>.<str:format>", PublishedPictureView.as_view(), name="published-picture"),
]
