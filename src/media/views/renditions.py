"""Smaller copies of a picture, for whom it is visible to."""

from collections.abc import Mapping
from uuid import UUID

from adrf.views import APIView as AsyncAPIView
from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from src.core import db
from src.core.errors import NotFound
from src.core.file_answers import FileNegotiation, answer_with_file
from src.core.schema import FILE_ANSWERS
from src.media.models import Rendition, RenditionFormat
from src.media.models.rendition import RENDITION_SIZES
from src.media.services.assets import find_visible_asset
from src.media.services.originals import open_stored
from src.media.services.renditions import ensure_rendition
from src.media.views.base import MediaView

COPY_PARAMETERS = [
    OpenApiParameter("size", int, OpenApiParameter.PATH, enum=RENDITION_SIZES),
    OpenApiParameter("format", str, OpenApiParameter.PATH, enum=RenditionFormat.values),
]
# A copy never changes, but who may see it does: after an hour the browser asks again, and is told 304.
CACHE = {"Cache-Control": "private, max-age=3600"}


class MediaRenditionView(FileNegotiation, MediaView, AsyncAPIView):
    @extend_schema(parameters=COPY_PARAMETERS, responses=FILE_ANSWERS)
    async def get(self, request: Request, asset_id: UUID, size: int, format: str) -> HttpResponseBase:
        """A smaller copy: upright, sRGB, longest edge `size` px."""
        require_offered(size, format)
        asset = await db.run(find_visible_asset, asset_id=asset_id, user=request.user)
        rendition = await ensure_rendition(asset, size, format)
        return await db.run_with_files(answer_with_rendition, request=request, rendition=rendition, headers=CACHE)


def require_offered(size: int, format: str) -> None:
    """Raises NotFound for a copy that is never made."""
    if size not in RENDITION_SIZES or format not in RenditionFormat.values:
        raise NotFound


def answer_with_rendition(
    *, request: HttpRequest, rendition: Rendition, headers: Mapping[str, str]
) -> HttpResponseBase:
    return answer_with_file(
        request,
        open_stored(rendition.file_name),
        size_bytes=rendition.size_bytes,
        mime_type=f"image/{rendition.format}",
        etag=f"{rendition.asset_id}-{rendition.pk}",
        filename=f"{rendition.asset_id}-{rendition.size}.{rendition.format}",
        extra_headers=headers,
    )
