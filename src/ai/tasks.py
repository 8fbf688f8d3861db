"""The one message of the queue: «look at this row»."""

from uuid import UUID

import structlog
from celery import Task
from kombu.exceptions import KombuError, OperationalError
from redis import RedisError

from config.celery import app
from config.worker_loop import LOOP
from src.ai.services.job_runner import run_job
from src.core.left_alone import LeftAlone
from src.core.log_seldom import Seldom

log = structlog.get_logger("negareh.jobs")

LEFT_ALONE_S = 5.0
"""For how long after a failure no message is sent."""

_queue = LeftAlone(lambda: LEFT_ALONE_S)
_seldom = Seldom(log, "hints_not_sent")


@app.task
def look_at(generation_id: str) -> None:
    """Have this process's event loop run the job, and wait for its end. Safe to be told twice, and of no such row."""
    LOOP.wait_for(run_job(UUID(generation_id)))


def send_hint(generation_id: UUID) -> None:
    """Tell the workers of a job. Never raises for the queue: the workers' rounds find the row all the same."""
    if not _queue.may_try():
        return
    task: Task = look_at
    try:
        task.apply_async((str(generation_id),), retry=False)
    except (KombuError, OperationalError, RedisError, OSError) as exc:
        _seldom.warn(exc)
        _queue.failed()
    else:
        _queue.succeeded()
