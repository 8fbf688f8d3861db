"""Addresses below `/api/media/`."""

from django.urls import path

from src.media.views import organising, pictures, publishing, renditions, selections, uploads

urlpatterns = [
    path("", pictures.MediaListView.as_view(), name="media-list"),
    path("trash/", pictures.MediaTrashView.as_view(), name="media-trash"),
    path("bulk/", selections.MediaBulkView.as_view(), name="media-bulk"),
    path("zip/", selections.MediaZipView.as_view(), name="media-zip"),
    path("tags/", organising.MediaTagListView.as_view(), name="media-tags"),
    path("tags/<int:tag_id>/", organising.MediaTagView.as_view(), name="media-tag"),
    path("collections/", organising.MediaCollectionListView.as_view(), name="media-collections"),
    path("collections/<uuid:collection_id>/", organising.MediaCollectionView.as_view(), name="media-collection"),
    path("uploads/", uploads.MediaUploadView.as_view(), name="media-uploads"),
    path("<uuid:asset_id>/", pictures.MediaDetailView.as_view(), name="media-detail"),
    path("<uuid:asset_id>/restore/", pictures.MediaRestoreView.as_view(), name="media-restore"),
    path("<uuid:asset_id>/favourite/", pictures.MediaFavouriteView.as_view(), name="media-favourite"),
    path("<uuid:asset_id>/publish/", publishing.MediaPublishView.as_view(), name="media-publish"),
    path("<uuid:asset_id>/original/", pictures.MediaOriginalView.as_view(), name="media-original"),
    path(
        "<uuid:asset_id>/renditions/<int:size>.<str:format>",
        renditions.MediaRenditionView.as_view(),
        name="media-rendition",
    ),
]
