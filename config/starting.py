"""What must be there before a process serves or works."""

import structlog
from django.conf import settings

from src.core import faults, vault
from src.core.errors import Misconfigured

log = structlog.get_logger("negareh.server")

RUNNERS = ("embedded", "celery")


class CannotStart(Exception):
    """The process must not run like this; the message says what to do."""


def check_environment(*, needs_redis: bool) -> None:
    """Raises CannotStart without a keyring, a lasting SECRET_KEY, a known JOB_RUNNER, or a REDIS_URL that is needed."""
    try:
        vault.current_keyring()
    except Misconfigured as exc:
        raise CannotStart(
            f"No keyring at {settings.KEYRING_FILE}: run `python manage.py set_up`, or put the file back."
        ) from exc
    if not settings.HAS_LASTING_SECRET_KEY:
        raise CannotStart("No SECRET_KEY: set it, or run `python manage.py set_up`.")
    if settings.JOB_RUNNER not in RUNNERS:
        raise CannotStart(f"JOB_RUNNER is {settings.JOB_RUNNER!r}: set it to one of {', '.join(RUNNERS)}.")
    if needs_redis and not settings.REDIS_URL:
        raise CannotStart("No REDIS_URL: server and workers find each other through Redis. Set it for all of them.")
    if faults.is_armed():
        log.warning("faults_armed", file=faults.FAULTS_FILE)
