"""Many pictures at once: one change to all, or all in one zip."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from src.core.envelope import success
from src.core.file_answers import FileNegotiation
from src.core.schema import envelope_of
from src.core.token_scopes import MEDIA_READ
from src.media.serializers.selections import BulkOutcomeSerializer, BulkSerializer, SelectionSerializer
from src.media.services.bulk import change_many
from src.media.services.zips import zip_of
from src.media.views.base import MediaView


class MediaBulkView(MediaView):
    @extend_schema(request=BulkSerializer, responses=envelope_of(BulkOutcomeSerializer))
    def post(self, request: Request) -> Response:
        """Tag, move, show, mark, delete or bring back many pictures; what may not be changed is named."""
        serializer = BulkSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asset_ids = serializer.validated_data["ids"]
        outcome = change_many(asset_ids=asset_ids, user=request.user, change=serializer.to_change())
        return success("media_changed", BulkOutcomeSerializer(outcome).data, count=len(outcome.changed))


class MediaZipView(FileNegotiation, MediaView):
    def get_required_scope(self, request: Request) -> str:
        return MEDIA_READ

    @extend_schema(request=SelectionSerializer, responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def post(self, request: Request) -> HttpResponseBase:
        """The originals of a selection, with a record of each, as one zip."""
        serializer = SelectionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        archive = zip_of(asset_ids=serializer.validated_data["ids"], user=request.user)
        headers = {
            "Content-Length": str(archive.length),
            "Content-Disposition": f'attachment; filename="{archive.name}"',
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(_in_threads(archive.pieces), content_type="application/zip", headers=headers)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Files are read off the event loop, a piece at a time, as fast as the client takes them."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
