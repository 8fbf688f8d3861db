from django.urls import path

from src.media.views import MediaDetailView, MediaOriginalView

urlpatterns = [
    path("<uuid:asset_id>/", MediaDetailView.as_view(), name="media-detail"),
    path("<uuid:asset_id>/original/", MediaOriginalView.as_view(), name="media-original"),
]
