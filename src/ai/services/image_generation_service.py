"""Generating pictures: an order becomes a job, which is awaited or left to run."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from src.ai.models import ImageGeneration
from src.ai.services.edit_inputs import EditInputs, EditSources, load_inputs
from src.ai.services.generation_answers import describe_generation
from src.ai.services.image_order import ImageOrder, fingerprint_of
from src.ai.services.inbox import input_path, read_from_inbox, remove_from_inbox, write_to_inbox
from src.ai.services.job_errors import error_of
from src.ai.services.job_runner import wake
from src.ai.services.job_waiting import wait_for_end
from src.ai.services.reservation import Reserved, find_replayed, reserve_generation
from src.core import background, db
from src.core.errors import Unavailable
from src.media.inspection import EXTENSION_BY_MIME
from src.media.models import Visibility

WAKE_AGAIN_S = 5.0
"""How often a waiting caller asks for a job to be run that could not be claimed at first."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job in the queue. `task` runs it, where that is in this process."""

    generation_id: UUID
    is_replay: bool = False
    task: "asyncio.Task[Any] | None" = None


async def generate_image_only(*, order: ImageOrder) -> dict[str, Any]:
    """Pictures as data URLs, kept a day in the inbox. Shape: `describe_generation`.

    Raises what `reserve_generation` raises, or ProviderError with `generation_id` and `charged` among its facts.
    Once begun it runs to its end, whether or not the caller waits.
    """
    return await _finish(await submit(order=replace(order, save_to_media=False)))


async def generate_and_save_to_media(*, order: ImageOrder) -> dict[str, Any]:
    """Pictures in the library. Shape and errors as `generate_image_only`."""
    return await _finish(await submit(order=replace(order, save_to_media=True)))


async def edit_image(*, order: ImageOrder, sources: EditSources) -> dict[str, Any]:
    """Pictures made from others, saved or not as the order says. Shape and errors as `generate_image_only`, and
    those of `load_inputs`."""
    return await _finish(await submit(order=order, sources=sources))


async def submit(*, order: ImageOrder, sources: EditSources | None = None) -> Job:
    """Reserve, and put the job into the queue; from then on it runs whether or not anybody waits.

    Raises what `reserve_generation` and `load_inputs` raise.
    """
    return await background.finish_regardless(_submit(order, sources))


async def _submit(order: ImageOrder, sources: EditSources | None) -> Job:
    if order.idempotency_key:
        # An edit's pictures may be gone by now, or no longer be theirs to see: the earlier answer stands.
        order = replace(order, fingerprint=await asyncio.to_thread(fingerprint_of, order, sources))
        if earlier := await db.run(find_replayed, order=order):
            return Job(generation_id=earlier.generation_id, is_replay=True)
    inputs = await load_inputs(sources=sources, user=order.admin) if sources else None
    if order.visibility is None and inputs is not None:
        order = replace(order, visibility=Visibility.PRIVATE if inputs.hold_private else Visibility.TEAM)
    reserved = await _reserve(order, inputs)
    if reserved.is_replay:
        return Job(generation_id=reserved.generation_id, is_replay=True)
    return Job(generation_id=reserved.generation_id, task=await wake(reserved.generation_id))


async def _reserve(order: ImageOrder, inputs: EditInputs | None) -> Reserved:
    """An edit's pictures are on the disk before the row that needs them."""
    generation_id = uuid4()
    if inputs is None:
        return await db.run(reserve_generation, order=order, generation_id=generation_id)
    paths = await db.run_with_files(_store_inputs, generation_id=generation_id, inputs=inputs)
    reserved = None
    try:
        reserved = await db.run(reserve_generation, order=order, inputs=inputs, generation_id=generation_id)
        return reserved
    finally:
        if reserved is None or reserved.is_replay:
            await db.run_with_files(_remove_inputs, paths=paths)


def _store_inputs(*, generation_id: UUID, inputs: EditInputs) -> list[str]:
    paths = []
    for index, each in enumerate([*inputs.references, *([inputs.mask] if inputs.mask else [])]):
        paths.append(input_path(generation_id, index, EXTENSION_BY_MIME[each.picture.mime_type]))
        write_to_inbox(paths[-1], each.picture.content)
    return paths


def _remove_inputs(*, paths: list[str]) -> None:
    for path in paths:
        remove_from_inbox(path)


async def _finish(job: Job) -> dict[str, Any]:
    task, loop = job.task, asyncio.get_running_loop()
    looked_at = loop.time()
    while not await wait_for_end(job.generation_id, task=task, timeout_s=WAKE_AGAIN_S):
        if background.is_draining():
            raise Unavailable("job_goes_on", facts={"generation_id": str(job.generation_id), "charged": "unknown"})
        # One that was set back is told of at once.
        await asyncio.sleep(max(0.0, looked_at + WAKE_AGAIN_S - loop.time()))
        looked_at = loop.time()
        task = await wake(job.generation_id)
    return await read_answer_of(job.generation_id)


async def wait_for_answer(job: Job, *, wait_s: float | None = None) -> dict[str, Any] | None:
    """The answer, or None if the job has not ended in `wait_s` (None: JOB_WAIT_S). Raises as `read_answer_of`."""
    most_s = settings.JOB_WAIT_S if wait_s is None else min(wait_s, settings.JOB_WAIT_S)
    if not await wait_for_end(job.generation_id, task=job.task, timeout_s=most_s):
        return None
    return await read_answer_of(job.generation_id)


async def read_answer_of(generation_id: UUID) -> dict[str, Any]:
    """The answer of a job that has ended, the same now and later. Raises AppError if it brought no picture."""
    return await db.run(_read_answer, generation_id=generation_id)


def _read_answer(*, generation_id: UUID) -> dict[str, Any]:
    generation = ImageGeneration.objects.select_related("provider", "model").get(pk=generation_id)
    unsaved = {output.index: output.inbox_path for output in generation.outputs.exclude(inbox_path="")}
    contents = {index: read_from_inbox(path) for index, path in unsaved.items()}
    answer = describe_generation(
        generation, contents={index: content for index, content in contents.items() if content is not None}
    )
    if not answer["delivered"]:
        raise error_of(generation)
    return answer
