"""What an adapter reports of a paid call, made durable before the adapter goes on."""

import asyncio
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from src.ai.models import Charged, ImageGeneration, ProviderCall, ProviderCallStatus
from src.ai.providers.contract import Event, Preview, Received, ResumeHandle, Sent
from src.ai.providers.errors import ServiceFailed
from src.ai.services.inbox import call_path, write_to_inbox
from src.ai.services.reservation import OnPreview
from src.core import background, db

PREVIEW_S = 2.0
"""How long whoever looks on may keep the call waiting."""
log = structlog.get_logger("negareh.generation")


class CallRecorder:
    """The `on_event` of one generation."""

    def __init__(self, generation_id: UUID, on_preview: OnPreview | None = None):
        self._generation_id = generation_id
        self._on_preview = on_preview
        self.is_sent = False
        """Whether a socket may have been opened: an adapter opens none before its announcement is kept."""
        self.received: dict[int, str] = {}
        """Inbox paths of the answers received so far, by call index."""

    async def __call__(self, event: Event) -> None:
        if isinstance(event, Sent):
            if background.is_draining():
                raise ServiceFailed(charged="no", reason="server_stopping")
            await db.run(record_sent, generation_id=self._generation_id, event=event)
            self.is_sent = True
        elif isinstance(event, Received):
            path = call_path(self._generation_id, event.call_index)
            await asyncio.to_thread(write_to_inbox, path, event.body)
            self.received[event.call_index] = path
            await self._note_received(event, path)
        elif isinstance(event, ResumeHandle):
            await db.run(record_resume_handle, generation_id=self._generation_id, event=event)
        elif self._on_preview is not None:
            await self._show(event, self._on_preview)

    async def _note_received(self, event: Received, path: str) -> None:
        """The answer itself is safe by now; a row that cannot say so must not keep it from being read."""
        try:
            await db.run(record_received, generation_id=self._generation_id, event=event, path=path)
        except DatabaseError as exc:
            log.error("received_not_noted", generation_id=str(self._generation_id), path=path, exc_info=exc)

    async def _show(self, preview: Preview, on_preview: OnPreview) -> None:
        try:
            async with asyncio.timeout(PREVIEW_S):
                await on_preview(preview)
        except Exception as exc:  # noqa: BLE001 (whoever looks on cannot break a call that is paid for)
            log.warning("preview_not_shown", generation_id=str(self._generation_id), exc_info=exc)


@transaction.atomic
def record_sent(*, generation_id: UUID, event: Sent) -> None:
    """Committed when this returns; the socket opens after it. Until the answer is booked, its cost is unclear."""
    ImageGeneration.objects.filter(pk=generation_id).update(charged=Charged.UNKNOWN)
    ProviderCall.objects.update_or_create(
        generation_id=generation_id,
        index=event.call_index,
        attempt=1,
        defaults={
            "status": ProviderCallStatus.SENT,
            "sent_at": timezone.now(),
            "charged": Charged.UNKNOWN,
        },
    )


def record_received(*, generation_id: UUID, event: Received, path: str) -> None:
    ProviderCall.objects.filter(generation_id=generation_id, index=event.call_index).update(
        status=ProviderCallStatus.RECEIVED,
        received_at=timezone.now(),
        upstream_request_id=event.upstream_request_id,
        inbox_path=path,
    )


def record_resume_handle(*, generation_id: UUID, event: ResumeHandle) -> None:
    ProviderCall.objects.filter(generation_id=generation_id, index=event.call_index).update(resume_handle=event.handle)
