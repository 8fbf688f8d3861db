"""A picture's record and its bytes, for whom it is visible to."""

from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from src.core.envelope import success
from src.core.file_answers import FileNegotiation, answer_with_file
from src.core.schema import envelope_of
from src.core.token_scopes import MEDIA_READ, check_token_scope
from src.media.serializers import MediaAssetSerializer
from src.media.services import find_visible_asset, open_original


class MediaView(APIView):
    """What any signed-in person may ask; what is there for them, `find_visible_asset` decides."""

    permission_classes = [IsAuthenticated]

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        check_token_scope(request, MEDIA_READ)


class MediaDetailView(MediaView):
    @extend_schema(responses=envelope_of(MediaAssetSerializer))
    def get(self, request: Request, asset_id: UUID) -> Response:
        asset = find_visible_asset(asset_id=asset_id, user=request.user)
        return success("ok", MediaAssetSerializer(asset).data)


class MediaOriginalView(FileNegotiation, MediaView):
    @extend_schema(
        responses={
            (200, "image/*"): OpenApiTypes.BINARY,
            (206, "image/*"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="Not modified"),
            416: OpenApiResponse(description="The range lies outside the file"),
        }
    )
    def get(self, request: Request, asset_id: UUID) -> HttpResponseBase:
        asset = find_visible_asset(asset_id=asset_id, user=request.user)
        return answer_with_file(
            request,
            open_original(asset),
            size_bytes=asset.size_bytes,
            mime_type=asset.mime_type,
            etag=asset.sha256,
            filename=f"{asset.pk}.{asset.file_name.rsplit('.', 1)[-1]}",
        )
