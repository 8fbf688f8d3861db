"""What an adapter reports of a paid call, made durable before the adapter goes on."""

import asyncio
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from src.ai.models import Charged, GenerationStatus, ImageGeneration, ProviderCall, ProviderCallStatus
from src.ai.providers.contract import Event, Failed, Preview, Received, ResumeHandle, Sent
from src.ai.providers.errors import AlreadySent, ProviderError, ServiceFailed
from src.ai.services.inbox import preview_path, write_answer, write_to_inbox
from src.ai.services.job_claims import owned
from src.ai.services.job_errors import JobCancelled, describe_error
from src.ai.services.job_events import note_preview
from src.ai.services.tickets import Claim
from src.core import background, db
from src.core.faults import reach
from src.media.inspection import inspect_picture

PREVIEW_S = 2.0
"""How long whoever looks on may keep the call waiting."""
INBOX_TRIES, INBOX_PAUSE_S = 4, 0.5
log = structlog.get_logger("negareh.generation")


class CallRecorder:
    """The `on_event` of one claimed job."""

    def __init__(self, claim: Claim):
        self._claim = claim
        self.sent: set[int] = set()
        """Calls of which a socket may have been opened: an adapter opens none before its announcement is kept."""
        self._attempts: dict[int, int] = {}
        self.unkept: dict[int, Received] = {}
        """Answers that the inbox did not take, by call index: they are in this process's memory alone."""

    async def __call__(self, event: Event) -> None:
        if isinstance(event, Sent):
            if background.is_draining():
                raise ServiceFailed(charged="no", reason="server_stopping")
            attempt = await db.run(record_sent, claim=self._claim, call_index=event.call_index)
            self._attempts[event.call_index] = attempt
            self.sent.add(event.call_index)
            reach("sent")
        elif isinstance(event, Received):
            reach("answered")
            await self._keep(event)
        elif isinstance(event, ResumeHandle):
            await db.run(record_resume_handle, claim=self._claim, event=event)
            reach("handle_kept")
        elif isinstance(event, Failed):
            await self._note(record_failed, event=event)
        else:
            await self._show(event)

    async def _keep(self, received: Received) -> None:
        for tries_left in reversed(range(INBOX_TRIES)):
            try:
                path = await self._write(received)
                break
            except OSError as exc:
                log.error("answer_not_kept", generation_id=str(self._claim.generation_id), exc_info=exc)
                if not tries_left:
                    self.unkept[received.call_index] = received
                    return
            await asyncio.sleep(INBOX_PAUSE_S)
        reach("received")
        await self._note(record_received, event=received, path=path)

    async def keep_unkept(self) -> None:
        """Try again what the inbox did not take. Raises OSError."""
        for index, received in list(self.unkept.items()):
            path = await self._write(received)
            await self._note(record_received, event=received, path=path)
            del self.unkept[index]

    async def _write(self, received: Received) -> str:
        """On threads of its own: a slow store of pictures must not keep it waiting."""
        attempt = self._attempts.get(received.call_index, 1)
        return await db.run_keeping(
            write_answer, generation_id=self._claim.generation_id, received=received, attempt=attempt
        )

    async def _note(self, step, **facts) -> None:
        """The answer itself is safe by now; a row that cannot say so must not keep it from being read."""
        try:
            await db.run(step, claim=self._claim, **facts)
        except DatabaseError as exc:
            log.error("call_not_noted", generation_id=str(self._claim.generation_id), exc_info=exc)

    async def _show(self, preview: Preview) -> None:
        try:
            async with asyncio.timeout(PREVIEW_S):
                described = await db.run_with_files(
                    _store_preview, generation_id=self._claim.generation_id, preview=preview
                )
                await db.run(record_preview, claim=self._claim, described=described)
        except Exception as exc:  # noqa: BLE001 (a preview cannot break a call that is paid for)
            log.warning("preview_not_shown", generation_id=str(self._claim.generation_id), exc_info=exc)


@transaction.atomic
def record_sent(*, claim: Claim, call_index: int) -> int:
    """Committed when this returns; the socket opens after it. Until the answer is booked, its cost is unclear. Returns
    which attempt at the call it is.

    Raises ServiceFailed(lease_lost), JobCancelled, AlreadySent: then no socket may be opened.
    """
    mine = ImageGeneration.objects.filter(owned(claim))
    if not mine.filter(cancel_requested_at__isnull=True).update(charged=Charged.UNKNOWN):
        if mine.exists():
            raise JobCancelled
        raise ServiceFailed(charged="no", reason="lease_lost")
    # Of an index that is being asked again, the attempt before is at its end.
    prepared = ProviderCall.objects.filter(
        generation_id=claim.generation_id, index=call_index, status=ProviderCallStatus.PREPARED
    )
    if not prepared.update(status=ProviderCallStatus.SENT, sent_at=timezone.now(), charged=Charged.UNKNOWN):
        raise AlreadySent
    rows = ProviderCall.objects.filter(generation_id=claim.generation_id, index=call_index)
    return rows.order_by("attempt").values_list("attempt", flat=True).last() or 1


def record_received(*, claim: Claim, event: Received, path: str) -> None:
    _current(claim, event.call_index).update(
        status=ProviderCallStatus.RECEIVED,
        received_at=timezone.now(),
        upstream_request_id=event.upstream_request_id,
        inbox_path=path,
    )


def record_resume_handle(*, claim: Claim, event: ResumeHandle) -> None:
    _current(claim, event.call_index).update(resume_handle=event.handle)


def record_failed(*, claim: Claim, event: Failed) -> None:
    """What an ended call said, so that a crash does not forget it. It is booked later."""
    error: ProviderError = event.error
    # An answer that was kept can be read again, and says it better.
    _current(claim, event.call_index).filter(status=ProviderCallStatus.SENT).update(
        status=ProviderCallStatus.UNKNOWN if error.charged == Charged.UNKNOWN else ProviderCallStatus.FAILED,
        charged=error.charged,
        error_code=error.code,
        error_facts=describe_error(error),
    )


def _current(claim: Claim, call_index: int):
    """The row of the call, while the claim holds. What was not announced is not there."""
    return ProviderCall.objects.filter(
        generation_id=claim.generation_id,
        generation__fence=claim.fence,
        generation__status=GenerationStatus.RUNNING,
        index=call_index,
        finished_at__isnull=True,
        sent_at__isnull=False,
    )


def _store_preview(*, generation_id: UUID, preview: Preview) -> dict:
    """Raises UnacceptablePicture, OSError."""
    facts = inspect_picture(preview.content)
    path = preview_path(generation_id, preview.image_index, preview.preview_index, facts.extension)
    write_to_inbox(path, preview.content)
    return {
        "image_index": preview.image_index,
        "preview_index": preview.preview_index,
        "mime_type": facts.mime_type,
        "path": path,
    }


@transaction.atomic
def record_preview(*, claim: Claim, described: dict) -> None:
    generation = ImageGeneration.objects.filter(owned(claim)).first()
    if generation is not None:
        note_preview(generation, described)
