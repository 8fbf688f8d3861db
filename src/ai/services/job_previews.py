"""Partial pictures of a job, as long as the inbox holds them."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO
from uuid import UUID

from src.ai.models import JobEvent, JobEventKind
from src.ai.services.inbox import read_from_inbox
from src.ai.services.job_actions import find_job
from src.core.errors import NotFound


@dataclass(frozen=True)
class StoredPreview:
    file: BinaryIO
    size_bytes: int
    mime_type: str
    filename: str


def open_preview(*, generation_id: UUID, seq: int, user: Any) -> StoredPreview:
    """Raises NotFound, also for somebody else's, and once it was swept."""
    job = find_job(generation_id=generation_id, user=user)
    event = JobEvent.objects.filter(generation=job, seq=seq, kind=JobEventKind.PREVIEW).first()
    content = read_from_inbox(event.data["path"]) if event else None
    if event is None or content is None:
        raise NotFound("result_gone" if event else "not_found")
    name = event.data["path"].rsplit("/", 1)[-1]
    return StoredPreview(BytesIO(content), len(content), event.data["mime_type"], f"{generation_id}-{name}")
