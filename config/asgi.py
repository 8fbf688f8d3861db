"""The ASGI application: Django, with what stock Django lacks there (lifespan, body caps, shared threads)."""

import asyncio
import fcntl
import gc
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any

import django
import structlog
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from config.starting import CannotStart, check_environment  # noqa: E402
from src.ai.services.edit_inputs import MASK_BYTES, REFERENCES_BYTES  # noqa: E402
from src.ai.services.inbox import sweep_inbox  # noqa: E402
from src.ai.services.job_events import sweep_events  # noqa: E402
from src.ai.services.job_runner import keep_running  # noqa: E402
from src.core import background, notices  # noqa: E402
from src.core.body_cap import BodyCap  # noqa: E402
from src.core.db import PATIENT_POOL, POOL, SharedThreads  # noqa: E402
from src.media.inspection import MAX_PICTURE_BYTES  # noqa: E402
from src.media.services.picture_processes import PROCESSES  # noqa: E402
from src.media.services.renditions import QUEUE  # noqa: E402
from src.media.services.trash import purge_trash  # noqa: E402
from src.webhooks.services.deliveries import sweep_deliveries  # noqa: E402

log = structlog.get_logger("negareh.server")

SWEEP_EVERY_S = 3600
WAITING_PATHS = (
    "/api/ai/admin/image-providers/",
    "/api/ai/admin/settings/",
    "/api/accounts/invitations/",
    "/admin/",
)
"""Calls that wait for somebody themselves: a provider, a mail server."""
UPLOADS_PATH = "/api/media/uploads/"
EDITS_PATH = "/api/ai/admin/images/edit/"
FORM_BYTES = 65_536
"""What a form may hold besides the picture."""


def sweep() -> None:
    """What is kept for a time only, and is past it."""
    for step in (sweep_inbox, purge_trash, sweep_events, sweep_deliveries):
        try:
            step()
        except Exception as exc:  # noqa: BLE001 (the other steps are due all the same)
            log.error("sweep_failed", step=step.__name__, exc_info=exc)


class Handler(ASGIHandler):
    """Django's handler, with all requests on the shared database threads."""

    async def __call__(self, scope, receive, send):
        waits_itself = scope["path"].startswith(WAITING_PATHS)
        async with SharedThreads(PATIENT_POOL if waits_itself else POOL):
            await self.handle(scope, receive, send)


class Lifespan:
    """Checks before serving, drains before stopping."""

    def __init__(self, app):
        self._app = app
        self._lock = None

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            return await self._app(scope, receive, send)
        rounds: list[asyncio.Task[Any]] = []
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    self.start()
                except Exception as exc:
                    await send({"type": "lifespan.startup.failed", "message": str(exc)})
                    raise
                QUEUE.open()
                rounds = [asyncio.create_task(each) for each in _rounds()]
                for task in rounds:
                    task.add_done_callback(_report)
                drain_when_told(asyncio.get_running_loop())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                background.begin_draining(asyncio.get_running_loop())
                for task in rounds:
                    task.cancel()
                await asyncio.gather(*rounds, return_exceptions=True)
                QUEUE.close()
                unfinished = await background.drain(settings.DRAIN_TIMEOUT_S)
                log.info("stopped", unfinished=unfinished)
                await asyncio.to_thread(PROCESSES.stop)
                self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self) -> None:
        check_environment(needs_redis=settings.JOB_RUNNER == "celery")
        if not settings.REDIS_URL:
            self._lock = take_single_process_lock(settings.VAR_DIR / "server.lock")
        keep_what_is_loaded()
        log.info("started", in_process_cache=not settings.REDIS_URL)

    def stop(self) -> None:
        gc.unfreeze()
        if self._lock:
            self._lock.close()


def _rounds() -> list[Coroutine[Any, Any, None]]:
    """What goes on as long as the server runs."""
    found = [background.repeat(sweep, every_s=SWEEP_EVERY_S), notices.listen()]
    return [*found, keep_running()] if settings.JOB_RUNNER == "embedded" else found


def _report(task: asyncio.Task[None]) -> None:
    """A round ends by being cancelled, or because there is nothing for it to do."""
    if not task.cancelled() and task.exception() is not None:
        log.error("round_ended", exc_info=task.exception())


def drain_when_told(loop: asyncio.AbstractEventLoop) -> None:
    """The server tells the application of its end only once all connections are closed; those that wait for a job or
    follow events have to learn it with the signal."""

    def chain(number: int) -> None:
        before = signal.getsignal(number)

        def on_signal(received: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(background.begin_draining, loop)
            if callable(before):
                before(received, frame)

        signal.signal(number, on_signal)

    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            chain(number)
    except ValueError:
        log.info("no_signals_outside_the_main_thread")


def keep_what_is_loaded() -> None:
    """Modules and addresses stay for good, so the garbage collector need not walk through them again and again: a
    full round took 80 ms of somebody's request."""
    get_resolver().url_patterns  # noqa: B018 (loads every view)
    gc.collect()
    gc.freeze()


def take_single_process_lock(path: Path):
    """An in-process cache and runner serve one process only. Raises CannotStart if another one holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        lock.close()
        raise CannotStart("Another server process runs here: set REDIS_URL to run more than one.") from exc
    return lock


application = BodyCap(
    Lifespan(Handler()),
    default_bytes=settings.BODY_CAP_BYTES,
    caps={
        UPLOADS_PATH: MAX_PICTURE_BYTES + FORM_BYTES,
        EDITS_PATH: REFERENCES_BYTES + MASK_BYTES + settings.BODY_CAP_BYTES,
    },
)
