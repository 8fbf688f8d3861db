"""The list of pictures, one picture's record, and its bytes."""

from uuid import UUID

from adrf.views import APIView as AsyncAPIView
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from src.core import db
from src.core.envelope import success
from src.core.file_answers import FileNegotiation, answer_with_file
from src.core.schema import FILE_ANSWERS, NOTHING, envelope_of
from src.core.serializers import take_no_fields
from src.media.filters import AssetFilter
from src.media.models import MediaAsset
from src.media.models.asset import MediaAssetQuerySet
from src.media.pagination import NewestFirst
from src.media.serializers.assets import EditAssetSerializer, ListedAssetSerializer, MediaAssetSerializer
from src.media.services.assets import find_visible_asset
from src.media.services.editing import edit_asset
from src.media.services.library import find_listed_asset, library_of, trash_of
from src.media.services.organising import mark_favourite, unmark_favourite
from src.media.services.originals import open_original
from src.media.services.trash import delete_asset, restore_asset
from src.media.views.base import MediaView, show_asset


class AssetList(MediaView, GenericAPIView):
    queryset = MediaAsset.objects.none()
    serializer_class = ListedAssetSerializer
    filterset_class = AssetFilter
    pagination_class = NewestFirst

    def answer_page(self, rows: MediaAssetQuerySet) -> Response:
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class MediaListView(AssetList):
    @extend_schema(responses=envelope_of(ListedAssetSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """The library, newest first."""
        return self.answer_page(library_of(request.user))


class MediaTrashView(AssetList):
    @extend_schema(responses=envelope_of(ListedAssetSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """Deleted pictures that can be brought back; they are removed for good after 30 days."""
        return self.answer_page(trash_of(request.user))


class MediaDetailView(MediaView):
    @extend_schema(responses=envelope_of(MediaAssetSerializer))
    def get(self, request: Request, asset_id: UUID) -> Response:
        """One picture: its texts, how it came to be, what it was made from."""
        return show_asset(request, find_listed_asset(asset_id=asset_id, user=request.user))

    @extend_schema(request=EditAssetSerializer, responses=envelope_of(MediaAssetSerializer))
    def patch(self, request: Request, asset_id: UUID) -> Response:
        """Change texts, tags, collection or visibility."""
        serializer = EditAssetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asset = edit_asset(asset_id=asset_id, user=request.user, changes=serializer.validated_data)
        return show_asset(request, asset, "media_updated")

    @extend_schema(request=None, responses={200: NOTHING})
    def delete(self, request: Request, asset_id: UUID) -> Response:
        """Into the trash, for 30 days."""
        take_no_fields(request)
        delete_asset(asset_id=asset_id, user=request.user)
        return success("media_deleted")


class MediaRestoreView(MediaView):
    @extend_schema(request=None, responses=envelope_of(MediaAssetSerializer))
    def post(self, request: Request, asset_id: UUID) -> Response:
        """Out of the trash again."""
        take_no_fields(request)
        return show_asset(request, restore_asset(asset_id=asset_id, user=request.user), "media_restored")


class MediaFavouriteView(MediaView):
    @extend_schema(request=None, responses={200: NOTHING})
    def put(self, request: Request, asset_id: UUID) -> Response:
        """Mark as a favourite of one's own."""
        take_no_fields(request)
        mark_favourite(asset_id=asset_id, user=request.user)
        return success("favourite_marked")

    @extend_schema(request=None, responses={200: NOTHING})
    def delete(self, request: Request, asset_id: UUID) -> Response:
        """Take the mark away."""
        take_no_fields(request)
        unmark_favourite(asset_id=asset_id, user=request.user)
        return success("favourite_unmarked")


class MediaOriginalView(FileNegotiation, MediaView, AsyncAPIView):
    @extend_schema(responses=FILE_ANSWERS)
    async def get(self, request: Request, asset_id: UUID) -> HttpResponseBase:
        """The bytes exactly as they were received."""
        asset = await db.run(find_visible_asset, asset_id=asset_id, user=request.user)
        return await db.run_with_files(_answer_with_original, request=request, asset=asset)


def _answer_with_original(*, request: Request, asset: MediaAsset) -> HttpResponseBase:
    return answer_with_file(
        request,
        open_original(asset),
        size_bytes=asset.size_bytes,
        mime_type=asset.mime_type,
        etag=asset.sha256,
        filename=f"{asset.pk}.{asset.file_name.rsplit('.', 1)[-1]}",
    )
