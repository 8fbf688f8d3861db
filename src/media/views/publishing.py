"""Public addresses: made and revoked by who may write the picture, fetched by anybody."""

from typing import Any
from uuid import UUID

from adrf.views import APIView as AsyncAPIView
from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from src.core import db
from src.core.envelope import success
from src.core.file_answers import FileNegotiation
from src.core.public_answers import mark_public
from src.core.schema import FILE_ANSWERS, NOTHING, envelope_of
from src.core.serializers import take_no_fields
from src.media.models import RenditionFormat
from src.media.models.rendition import RENDITION_SIZES
from src.media.serializers.assets import PublicLinkSerializer
from src.media.services.library import find_writable_asset
from src.media.services.publishing import describe_link, find_published, publish_asset, revoke_link
from src.media.services.renditions import ensure_rendition
from src.media.views.base import MediaView, base_url_of
from src.media.views.renditions import COPY_PARAMETERS, answer_with_rendition, require_offered

PUBLIC = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


class MediaPublishView(MediaView, AsyncAPIView):
    @extend_schema(
        request=None,
        responses={200: envelope_of(PublicLinkSerializer), 201: envelope_of(PublicLinkSerializer)},
    )
    async def post(self, request: Request, asset_id: UUID) -> Response:
        """Make a public address, or show the one there is: 201 or 200. The smaller copies are made first, so that
        the address works at once."""
        take_no_fields(request)
        asset = await db.run(find_writable_asset, asset_id=asset_id, user=request.user)
        for size in RENDITION_SIZES:
            await ensure_rendition(asset, size, RenditionFormat.WEBP)
        return await db.run(self._publish, request=request, asset_id=asset_id)

    def _publish(self, request: Request, asset_id: UUID) -> Response:
        published = publish_asset(asset_id=asset_id, user=request.user)
        data = describe_link(published.link, published.asset, base_url=base_url_of(request))
        code = "media_published" if published.is_new else "media_already_published"
        return success(code, data, status=201 if published.is_new else 200)

    @extend_schema(request=None, responses={200: NOTHING})
    async def delete(self, request: Request, asset_id: UUID) -> Response:
        """Revoke the public address. Copies that others cached may live on."""
        take_no_fields(request)
        await db.run(revoke_link, asset_id=asset_id, user=request.user)
        return success("media_unpublished")


class PublishedPictureView(FileNegotiation, AsyncAPIView):
    """For anybody: no sign-in is looked at, no cookie is set."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(auth=[], parameters=COPY_PARAMETERS, responses=FILE_ANSWERS)
    async def get(self, request: HttpRequest, token: str, size: int, format: str) -> HttpResponseBase:
        """A smaller copy of a published picture."""
        require_offered(size, format)
        asset = await db.run(find_published, token=token)
        rendition = await ensure_rendition(asset, size, format)
        return mark_public(
            await db.run_with_files(answer_with_rendition, request=request, rendition=rendition, headers=PUBLIC)
        )
