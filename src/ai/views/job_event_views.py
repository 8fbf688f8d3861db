"""Jobs as they go on: server-sent events, and the previews that they name."""

from typing import Any
from uuid import UUID

from adrf import viewsets as async_viewsets
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import viewsets
from rest_framework.request import Request

from src.accounts.permissions import AiImageManagerAccess
from src.ai.models import ImageGeneration
from src.ai.services.job_actions import find_job
from src.ai.services.job_previews import open_preview
from src.ai.services.job_streams import EventStream, Listener, has_more_to_come, resume_after, take_place
from src.ai.views.scoped import ScopedView
from src.core import db
from src.core.errors import InvalidFields
from src.core.file_answers import FileNegotiation, answer_with_file
from src.core.token_scopes import IMAGES

MAX_DIGITS = 18
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID", OpenApiTypes.INT64, OpenApiParameter.HEADER, description="Go on after the event with this id."
)
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class JobEventViewSet(FileNegotiation, ScopedView, async_viewsets.GenericViewSet):
    queryset = ImageGeneration.objects.none()
    permission_classes = [AiImageManagerAccess]
    filter_backends: list[Any] = []
    required_scope = IMAGES

    @extend_schema(
        parameters=[LAST_EVENT_ID],
        responses={(200, "text/event-stream"): OpenApiTypes.STR, 204: OpenApiResponse(description="It has ended.")},
    )
    async def of_job(self, request: Request, generation_id: UUID) -> HttpResponseBase:
        """One job's events: first how it stands, then each change, until its end. 204 once nothing more will come."""
        job = await db.run(find_job, generation_id=generation_id, user=request.user)
        after = await _read_last_id(request, feed_of=job.admin_id)
        if after is not None and not await db.run(has_more_to_come, job=job, after=after):
            return HttpResponse(status=204)
        return _stream(request, feed_of=job.admin_id, job_id=job.pk, after=after)

    @extend_schema(parameters=[LAST_EVENT_ID], responses={(200, "text/event-stream"): OpenApiTypes.STR})
    async def of_all(self, request: Request) -> HttpResponseBase:
        """The events of all one's own jobs, from now on or from `Last-Event-ID`."""
        own = request.user.pk or 0
        return _stream(request, feed_of=own, job_id=None, after=await _read_last_id(request, feed_of=own))


class JobPreviewViewSet(FileNegotiation, ScopedView, viewsets.GenericViewSet):
    queryset = ImageGeneration.objects.none()
    permission_classes = [AiImageManagerAccess]
    required_scope = IMAGES

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def preview(self, request: Request, generation_id: UUID, seq: int) -> HttpResponseBase:
        """A partial picture, by the id of its event; kept for a day."""
        preview = open_preview(generation_id=generation_id, seq=seq, user=request.user)
        return answer_with_file(
            request,
            preview.file,
            size_bytes=preview.size_bytes,
            mime_type=preview.mime_type,
            etag=f"{generation_id}-{seq}",
            filename=preview.filename,
        )


def _stream(request: Request, *, feed_of: int, job_id: UUID | None, after: int | None) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(content_type="text/event-stream", headers=STREAM_HEADERS)
    place = take_place(request.user)
    listener = Listener(request.user, request.auth)
    stream = EventStream(listener=listener, feed_of=feed_of, job_id=job_id, after=after)
    response = StreamingHttpResponse(stream.lines(), content_type="text/event-stream", headers=STREAM_HEADERS)
    response._resource_closers.append(place.free)  # type: ignore[attr-defined]
    return response


async def _read_last_id(request: Request, *, feed_of: int) -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        raise InvalidFields.one("Last-Event-ID", "not_integer")
    return await db.run(resume_after, admin_id=feed_of, number=int(text))
