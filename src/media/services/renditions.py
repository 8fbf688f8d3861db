"""Smaller copies of pictures, made when first asked for, or before that in the background."""

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from src.core import background, db
from src.core.child_processes import OutOfMemory, TookTooLong, Unfinished
from src.core.errors import AppError, NotFound, Unavailable, Unprocessable
from src.media.decoding import RenderedFacts, render
from src.media.models import MediaAsset, Rendition, RenditionFormat
from src.media.models.rendition import RENDITION_SIZES
from src.media.services.originals import local_copy, save_durably
from src.media.services.picture_processes import BLAMED, PROCESSES, problem_of

log = structlog.get_logger("negareh.renditions")

RETRY_AFTER_S = 5
RETRY_FAILED_S = 600
Wanted = tuple[UUID, int, str]
_under_way: dict[Wanted, asyncio.Task[Rendition]] = {}


async def ensure_rendition(asset: MediaAsset, size: int, format: str) -> Rendition:
    """The copy with longest edge `size` px in `format`, made now if there is none yet. Holds no thread meanwhile.

    Who asks for the same at once waits for the same work, and whoever hangs up does not end it. Raises
    Unprocessable(rendition_failed) for a picture that cannot be rendered, NotFound(original_missing),
    Unavailable(storage_unavailable, pictures_busy).
    """
    # A plain text: to read a Django enum, the child would have to load Django.
    format = RenditionFormat(format).value
    found = await db.run(_find, asset=asset, size=size, format=format)
    if found is not None:
        return found
    if asset.rendition_problem or await asyncio.to_thread(cache.get, _failed_lately(asset, size, format)):
        raise Unprocessable("rendition_failed")
    wanted = (asset.pk, size, format)
    task = _under_way.get(wanted)
    if task is None or task.get_loop() is not asyncio.get_running_loop():
        task = _under_way[wanted] = background.begin(_make(asset, size, format))
        task.add_done_callback(lambda done: _under_way.pop(wanted, None))
    return await asyncio.shield(task)


def _find(*, asset: MediaAsset, size: int, format: str) -> Rendition | None:
    return Rendition.objects.filter(asset=asset, size=size, format=format).first()


async def _make(asset: MediaAsset, size: int, format: str) -> Rendition:
    with ExitStack() as stack:
        source = await asyncio.to_thread(stack.enter_context, local_copy(asset.file_name))
        target = stack.enter_context(NamedTemporaryFile(suffix=f".{format}"))
        term = asset.provenance.get("digital_source_type", "")
        try:
            facts = await PROCESSES.run(render, str(source), target.name, size, format, term)
        except (TookTooLong, OutOfMemory) as exc:
            # The machine may have been busy: this copy is tried again later, others at once.
            await asyncio.to_thread(cache.set, _failed_lately(asset, size, format), True, RETRY_FAILED_S)
            raise Unprocessable("rendition_failed") from exc
        except BLAMED as exc:
            await db.run(_remember_problem, asset=asset, problem=problem_of(exc).code)
            raise Unprocessable("rendition_failed") from exc
        except Unfinished as exc:
            raise Unavailable("pictures_busy", retry_after_s=RETRY_AFTER_S) from exc
        except OSError as exc:
            # No room for the temporary file.
            raise Unavailable("storage_unavailable", retry_after_s=RETRY_AFTER_S) from exc
        file_name = await asyncio.to_thread(_store, Path(target.name), _name_of(asset, size, format))
    return await db.run(_write_row, asset=asset, size=size, format=format, file_name=file_name, facts=facts)


def _failed_lately(asset: MediaAsset, size: int, format: str) -> str:
    return f"rendition-failed:{asset.pk}:{size}:{format}"


def _remember_problem(*, asset: MediaAsset, problem: str) -> None:
    MediaAsset.objects.filter(pk=asset.pk).update(rendition_problem=problem)
    log.warning("rendition_failed", asset_id=str(asset.pk), problem=problem)


def _name_of(asset: MediaAsset, size: int, format: str) -> str:
    """Never the same twice, so that of two makers neither writes over nor removes the other's file."""
    return f"renditions/{asset.pk.hex[:2]}/{asset.pk.hex}-{size}-{secrets.token_hex(4)}.{format}"


def _store(path: Path, wanted: str) -> str:
    with path.open("rb") as file:
        return save_durably(wanted, File(file))


def _write_row(*, asset: MediaAsset, size: int, format: str, file_name: str, facts: RenderedFacts) -> Rendition:
    """The row, or that of another process that was quicker. Raises NotFound if the picture is gone by now."""
    try:
        with transaction.atomic():
            return Rendition.objects.create(
                asset=asset,
                size=size,
                format=format,
                file_name=file_name,
                width=facts.width,
                height=facts.height,
                size_bytes=facts.size_bytes,
            )
    except IntegrityError as exc:
        default_storage.delete(file_name)
        found = _find(asset=asset, size=size, format=format)
        if found is None:
            raise NotFound from exc
        return found


class RenditionQueue:
    """Makes the usual copies of new pictures while nobody waits, as many at once as there are processes.

    Only in the event loop that opened it, the server's. What closing drops is made when it is first asked for.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._loop, self._slots = asyncio.get_running_loop(), asyncio.Semaphore(settings.PICTURE_PROCESSES)

    def close(self) -> None:
        self._loop = None
        for task in self._tasks:
            task.cancel()

    def add(self, asset_ids: Iterable[UUID]) -> None:
        """From any thread; returns at once."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._start, list(asset_ids))

    def _start(self, asset_ids: list[UUID]) -> None:
        if self._loop is None:
            return
        for asset_id in asset_ids:
            task = asyncio.create_task(self._make_usual(asset_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _make_usual(self, asset_id: UUID) -> None:
        async with self._slots:
            try:
                asset = await db.run(MediaAsset.objects.get, pk=asset_id)
                for size in RENDITION_SIZES:
                    await ensure_rendition(asset, size, RenditionFormat.WEBP)
            except AppError as exc:
                log.info("rendition_not_made_ahead", asset_id=str(asset_id), code=exc.code)
            except Exception as exc:  # noqa: BLE001 (nobody waits for this; whoever asks later gets the error)
                log.error("rendition_not_made_ahead", asset_id=str(asset_id), exc_info=exc)


QUEUE = RenditionQueue()
schedule_renditions = QUEUE.add
