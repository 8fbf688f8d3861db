"""Waiting for a job's end, without a thread, wherever it runs."""

import asyncio
from typing import Any
from uuid import UUID

from src.ai.models import UNFINISHED, GenerationStatus, ImageGeneration
from src.ai.services.job_events import job_topic
from src.core import background, db, notices


async def wait_for_end(
    generation_id: UUID, *, task: "asyncio.Task[Any] | None" = None, timeout_s: float | None = None
) -> bool:
    """True once the job has ended; False after `timeout_s`, when this server stops, or when the job was set back and
    ends some time later. `task` runs it here, if it is one that could claim it."""
    loop = asyncio.get_running_loop()
    ends_at = None if timeout_s is None else loop.time() + timeout_s
    async with notices.watch(job_topic(generation_id)) as changes:
        if task is not None:
            await _wait_for_task(task, changes, ends_at)
        while True:
            left_s = notices.poll_s() if ends_at is None else min(notices.poll_s(), ends_at - loop.time())
            job = await db.run(_look_at, generation_id=generation_id)
            if job.status not in UNFINISHED:
                return True
            if left_s <= 0 or background.is_draining() or _is_set_back(job):
                return False
            await changes.wait(left_s)


async def _wait_for_task(task: "asyncio.Task[Any]", changes: notices.Changes, ends_at: float | None) -> None:
    """Until it is done, or this server stops, which `changes` are told of too."""
    while not task.done() and not background.is_draining():
        left_s = notices.QUIET_S if ends_at is None else ends_at - asyncio.get_running_loop().time()
        if left_s <= 0:
            return
        told = asyncio.create_task(changes.wait(left_s))
        try:
            await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()


def _look_at(*, generation_id: UUID) -> ImageGeneration:
    return ImageGeneration.objects.only("status", "setbacks", "not_before").get(pk=generation_id)


def _is_set_back(job: ImageGeneration) -> bool:
    """A store of ours failed, and the job is tried again some time later."""
    return job.status == GenerationStatus.QUEUED and job.setbacks > 0
