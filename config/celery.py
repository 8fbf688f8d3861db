"""The Celery application. A message says «look at row N»: it may be lost or come twice, the row decides.

Start a worker with `celery -A config.celery worker --without-gossip --without-mingle --without-heartbeat`.
"""

import os
from typing import Any

import django
from celery import Celery, signals
from django.apps import apps
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not apps.ready:
    django.setup(set_prefix=False)

from config.starting import CannotStart, check_environment  # noqa: E402
from config.worker_loop import LOOP  # noqa: E402

POOLS = ("threads", "solo")
CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0
LONGEST_JOB_MARGIN_S = 300

app = Celery("negareh")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_transport_options={
        "global_keyprefix": "negareh:",
        # A message whose worker died comes again after this; the rounds of the others find the row long before.
        "visibility_timeout": int(settings.PROVIDER_TIMEOUT_S) + LONGEST_JOB_MARGIN_S,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": ANSWER_TIMEOUT_S,
        "socket_keepalive": True,
        # Of the sender; a worker tries again for ever.
        "max_retries": 0,
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    include=["src.ai.tasks"],
    task_default_queue="jobs",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_pool="threads",
    worker_concurrency=settings.JOBS_AT_ONCE,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)


@signals.setup_logging.connect
def leave_logging_alone(**_: Any) -> None:
    """Django's settings configure it; that somebody listens here keeps Celery from it."""


@signals.worker_init.connect
def start(sender: Any, **_: Any) -> None:
    try:
        check_environment(needs_redis=True)
        if sender.pool_cls.__module__.rsplit(".", 1)[-1] not in ("thread", "solo"):
            raise CannotStart(f"This pool would leave the event loop behind: use --pool {' or '.join(POOLS)}.")
    except CannotStart as exc:
        # Of what a receiver raises, Celery lets only this through.
        raise SystemExit(str(exc)) from exc
    LOOP.start()


@signals.worker_shutting_down.connect
def begin_draining(**_: Any) -> None:
    LOOP.begin_draining()


@signals.worker_shutdown.connect
def stop(**_: Any) -> None:
    LOOP.stop()
