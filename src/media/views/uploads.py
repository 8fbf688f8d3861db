"""Bringing a picture into the library."""

import asyncio
from pathlib import Path
from typing import Any

from adrf.views import APIView as AsyncAPIView
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from src.core import db
from src.core.parsers import MultiPartParser
from src.core.schema import envelope_of
from src.core.serializers import single_values
from src.media.models import MediaAsset
from src.media.models.visibility import MANAGE
from src.media.serializers.assets import MediaAssetSerializer
from src.media.serializers.uploads import UploadSerializer
from src.media.services.library import find_listed_asset
from src.media.services.uploads import Upload, upload_picture
from src.media.views.base import MediaView, show_asset


class MayUpload(BasePermission):
    """Holders of `ai.manage` or `media.manage`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.has_perm("ai.manage") or request.user.has_perm(MANAGE)


class MediaUploadView(MediaView, AsyncAPIView):
    permission_classes = [*MediaView.permission_classes, MayUpload]
    parser_classes = [MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # The child process needs a path. Before anything reads the form, as the CSRF check does.
        request.upload_handlers = [TemporaryFileUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        # Django closes the files of a form that it could read, not the one in which it broke off.
        for handler in request.upload_handlers:
            if hasattr(handler, "file"):
                handler.file.close()
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: envelope_of(MediaAssetSerializer)},
    )
    async def post(self, request: Request) -> Response:
        """Bring a PNG, JPEG or WebP into the library, unchanged."""
        upload = await asyncio.to_thread(_read, request)
        asset = await upload_picture(upload=upload, user=request.user)
        return await db.run(_show, request=request, asset=asset)


def _read(request: Request) -> Upload:
    serializer = UploadSerializer(data=single_values(request.data))
    serializer.is_valid(raise_exception=True)
    fields = dict(serializer.validated_data)
    file = fields.pop("file")
    allow_duplicate = fields.pop("allow_duplicate", "false") == "true"
    path = Path(file.temporary_file_path())
    return Upload(path=path, file_name=file.name, allow_duplicate=allow_duplicate, **fields)


def _show(*, request: Request, asset: MediaAsset) -> Response:
    listed = find_listed_asset(asset_id=asset.pk, user=request.user)
    return show_asset(request, listed, "media_uploaded", status=201)
