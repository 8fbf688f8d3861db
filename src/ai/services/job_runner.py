"""Running jobs in this process: one port for both runners, a lease that is kept, and the rounds that find work.

`wake` tells the runner of a new job. Embedded, that is a task in the running event loop; with Celery a message that
says "look at row N". Whatever becomes of the hint, the rounds of `keep_running` find the row.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings

from src.ai.services.job_claims import claim_job, find_claimable, renew_leases
from src.ai.services.job_execution import execute
from src.ai.services.job_repair import find_late_answers
from src.ai.services.tickets import Claim
from src.core import background, db
from src.webhooks.services.delivering import keep_delivering

log = structlog.get_logger("negareh.jobs")


class Runner:
    """The jobs that run in one event loop."""

    def __init__(self) -> None:
        self.tasks: dict[UUID, asyncio.Task[bool]] = {}
        self.claims: set[Claim] = set()
        self.is_kept_running = False
        """Whether this process looks for jobs of its own accord; a command runs only the one that it was asked for."""
        self._places_taken = 0
        self._keeper: asyncio.Task[None] | None = None

    @property
    def has_room(self) -> bool:
        return self._places_taken < settings.JOBS_AT_ONCE

    def begin(self, generation_id: UUID) -> "asyncio.Task[bool]":
        """The task that runs the job; the one that there is already, if there is one."""
        task = self.tasks.get(generation_id)
        if task is None:
            task = background.begin(self._run(generation_id))
            self.tasks[generation_id] = task
            task.add_done_callback(lambda _task: self.tasks.pop(generation_id, None))
        return task

    async def _run(self, generation_id: UUID) -> bool:
        if background.is_draining() or not self.has_room:
            return False
        # Before the claim is waited for: many that begin at once must not all find room.
        self._places_taken += 1
        try:
            claim = await db.run(claim_job, generation_id=generation_id)
            if claim is None:
                return False
            async with self._lease_kept(claim):
                await execute(claim)
        finally:
            self._places_taken -= 1
        if self.is_kept_running:
            await self.fill()
        return True

    async def fill(self) -> None:
        """Begin what can run, as far as there is room."""
        if background.is_draining():
            return
        room = settings.JOBS_AT_ONCE - len(self.tasks)
        if room > 0:
            for generation_id in await db.run(find_claimable, limit=room, without=list(self.tasks)):
                self.begin(generation_id)

    @asynccontextmanager
    async def _lease_kept(self, claim: Claim) -> AsyncIterator[None]:
        self.claims.add(claim)
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_leases())
        try:
            yield
        finally:
            self.claims.discard(claim)
            if not self.claims and self._keeper is not None:
                self._keeper.cancel()
                self._keeper = None

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(settings.JOB_LEASE_S / 4)
            await self._renew(list(self.claims))

    async def _renew(self, claims: Collection[Claim]) -> None:
        try:
            lost = await db.run(renew_leases, claims=claims)
        except Exception as exc:  # noqa: BLE001 (the next round is due all the same)
            log.error("leases_not_renewed", exc_info=exc)
            return
        for claim in lost & self.claims:
            # Its writes touch nothing from now on; what it still receives lies in the inbox.
            log.warning("lease_lost", generation_id=str(claim.generation_id))


_runners: "WeakKeyDictionary[asyncio.AbstractEventLoop, Runner]" = WeakKeyDictionary()


def runner() -> Runner:
    """That of the running event loop."""
    return _runners.setdefault(asyncio.get_running_loop(), Runner())


def begin_here(generation_id: UUID) -> "asyncio.Task[bool]":
    """Run the job in this event loop; the task's result is whether it could be claimed."""
    return runner().begin(generation_id)


async def run_job(generation_id: UUID) -> bool:
    """Run the job to its end, or until it is given back. False if it could not be claimed."""
    return await asyncio.shield(begin_here(generation_id))


async def run_all() -> int:
    """Run what can be claimed, until there is nothing more; for a command. Returns how many jobs were run."""
    ran, seen = 0, set[UUID]()
    while found := await db.run(find_claimable, limit=settings.JOBS_AT_ONCE, without=seen):
        seen |= set(found)
        ran += sum(await asyncio.gather(*map(run_job, found)))
    return ran


async def wake(generation_id: UUID) -> "asyncio.Task[bool] | None":
    """Tell the runner; the task, where it runs here."""
    if settings.JOB_RUNNER == "embedded":
        return begin_here(generation_id)
    from src.ai.tasks import send_hint

    await asyncio.to_thread(send_hint, generation_id)
    return None


async def keep_running() -> None:
    """The rounds of a process that runs jobs, until cancelled: stale and queued jobs are begun, what was left behind is
    repaired, webhooks are sent."""
    runner().is_kept_running = True
    async with asyncio.TaskGroup() as rounds:
        rounds.create_task(_again_and_again(runner().fill, every_s=settings.JOB_POLL_S))
        # Apart: a slow store of files must keep no job waiting.
        rounds.create_task(_again_and_again(find_late_answers, every_s=settings.JOB_REPAIR_S))
        rounds.create_task(keep_delivering())


async def _again_and_again(step: Callable[[], Awaitable[Any]], *, every_s: float) -> None:
    while True:
        try:
            await step()
        except Exception as exc:  # noqa: BLE001 (whatever it was, the next round is due all the same)
            log.error("round_failed", step=step.__name__, exc_info=exc)
        await asyncio.sleep(every_s)
