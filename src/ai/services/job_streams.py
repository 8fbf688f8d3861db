"""A feed of job events as server-sent events, without a thread: woken by notices, read from the database.

Source of the format: WHATWG HTML, 9.2 Server-sent events.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakSet

import msgspec
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, override

from src.accounts.models import ApiToken, User
from src.accounts.permissions import PermissionValidator
from src.ai.models import UNFINISHED, ImageGeneration, JobEvent, JobEventKind
from src.ai.services.job_answers import JOB_RELATIONS, describe_job
from src.ai.services.job_events import job_topic, last_number, person_topic, read_events
from src.core import background, db, notices
from src.core.errors import TooManyRequests

PING_S = 15.0
EVENTS_AT_ONCE = 200
RECONNECT_MS = 2000
RETRY_S = 5.0

_open: dict[int, "WeakSet[Place]"] = {}


class Place:
    """One of a person's streams in this process. One that nobody holds any more is free, too: the answer that it was
    for was cancelled on its way out, and is never closed."""

    def __init__(self, person_id: int):
        self._person_id = person_id
        _open.setdefault(person_id, WeakSet()).add(self)

    def free(self) -> None:
        _open.get(self._person_id, WeakSet()).discard(self)


def open_streams(person: Any) -> int:
    return len(_open.get(person.pk, ()))


def take_place(person: Any) -> Place:
    """Raises TooManyRequests(too_many_streams)."""
    if open_streams(person) >= settings.EVENT_STREAMS_PER_PERSON:
        raise TooManyRequests("too_many_streams", retry_after_s=RETRY_S, limit=settings.EVENT_STREAMS_PER_PERSON)
    return Place(person.pk)


def resume_after(*, admin_id: int, number: int) -> int | None:
    """`number`, or None where the feed never came so far, as after a return to an older database."""
    return number if number <= last_number(admin_id=admin_id) else None


def has_more_to_come(*, job: ImageGeneration, after: int) -> bool:
    return not job.is_finished or JobEvent.objects.filter(generation=job, seq__gt=after).exists()


@dataclass(frozen=True)
class Listener:
    """Who follows events, by which right: `token`, or the session of the moment where it is None."""

    person: Any
    token: Any | None

    def may_still_see(self, *, feed_of: int) -> bool:
        """Whether the person is there, may generate and see that feed, and the token or session has not ended."""
        person = User.objects.filter(pk=self.person.pk).first()
        if not PermissionValidator.has_permission(person, "ai.image.manage"):
            return False
        assert person is not None
        if feed_of != person.pk and not person.is_superuser:
            return False
        if self.token is not None:
            return ApiToken.objects.usable().filter(pk=self.token.pk).exists()
        return person.get_session_auth_hash() == self.person.get_session_auth_hash()


@dataclass(frozen=True)
class Batch:
    """What one look at the database found; `is_full`: there may be more at once; `is_last`: nothing more will come."""

    lines: str
    after: int
    is_full: bool = False
    is_last: bool = False


@dataclass(kw_only=True)
class EventStream:
    """`feed_of` is whose events; `job_id` None is all their jobs. `after` None begins with how things stand now."""

    listener: Listener
    feed_of: int
    job_id: UUID | None
    after: int | None
    language: str | None = field(default_factory=get_language)

    async def lines(self) -> AsyncIterator[str]:
        topic = person_topic(self.feed_of) if self.job_id is None else job_topic(self.job_id)
        yield f"retry: {RECONNECT_MS}\n\n"
        sent_at = time.monotonic()
        async with notices.watch(topic) as changes:
            while not background.is_draining():
                batch = await db.run(self._look)
                self.after = batch.after
                if batch.lines:
                    yield batch.lines
                    sent_at = time.monotonic()
                if batch.is_last:
                    return
                if batch.is_full:
                    continue
                await changes.wait(max(0.0, min(sent_at + PING_S - time.monotonic(), notices.poll_s())))
                if time.monotonic() - sent_at >= PING_S:
                    yield ": ping\n\n"
                    sent_at = time.monotonic()

    def _look(self) -> Batch:
        with override(self.language):
            if not self.listener.may_still_see(feed_of=self.feed_of):
                return Batch("", self.after or 0, is_last=True)
            return self._beginning() if self.after is None else self._go_on(self.after)

    def _beginning(self) -> Batch:
        """How the job stands; of all jobs, only the number from which on events are told."""
        after = last_number(admin_id=self.feed_of)
        if self.job_id is None:
            return Batch(_line("open", {}, after), after)
        job = ImageGeneration.objects.select_related("admin", "provider", "model").get(pk=self.job_id)
        kind = "result" if job.is_finished else "job"
        return Batch(_line(kind, describe_job(job, self.listener.person), after), after, is_last=job.is_finished)

    def _go_on(self, after: int) -> Batch:
        found = read_events(admin_id=self.feed_of, after=after, generation_id=self.job_id, limit=EVENTS_AT_ONCE)
        if not found:
            return Batch("", after)
        jobs = self._read_ended(found)
        lines = "".join(_line_of(event) + self._result(event, jobs) for event in found)
        return Batch(lines, found[-1].seq, is_full=len(found) == EVENTS_AT_ONCE, is_last=self.job_id in jobs)

    def _read_ended(self, found: Sequence[JobEvent]) -> dict[UUID, ImageGeneration]:
        """The jobs that these events brought to an end, as they stand now."""
        ended = {event.generation_id for event in found if _is_end(event)}
        if not ended:
            return {}
        rows = ImageGeneration.objects.select_related("admin", "provider", "model").exclude(status__in=UNFINISHED)
        return rows.prefetch_related(*JOB_RELATIONS).in_bulk(ended)

    def _result(self, event: JobEvent, jobs: Mapping[UUID, ImageGeneration]) -> str:
        """Bears the number of the event, which its own line left out: whoever resumes has seen both or none."""
        if not _is_end(event):
            return ""
        job = jobs.get(event.generation_id)
        return _line("result", describe_job(job, self.listener.person), event.seq) if job else f"id: {event.seq}\n\n"


def _is_end(event: JobEvent) -> bool:
    return event.kind == JobEventKind.STATE and event.data["status"] not in UNFINISHED


def _line_of(event: JobEvent) -> str:
    data = {"job_id": str(event.generation_id), "at": event.created_at.isoformat()}
    if event.kind == JobEventKind.PREVIEW:
        place = {"generation_id": event.generation_id, "seq": event.seq}
        shown = {name: event.data[name] for name in ("image_index", "preview_index", "mime_type")}
        return _line("preview", {**data, **shown, "url": reverse("job-preview", kwargs=place)}, event.seq)
    return _line("state", {**data, **event.data}, None if _is_end(event) else event.seq)


def _line(kind: str, data: dict[str, Any], number: int | None) -> str:
    named = "" if number is None else f"id: {number}\n"
    return f"{named}event: {kind}\ndata: {msgspec.json.encode(data).decode()}\n\n"
