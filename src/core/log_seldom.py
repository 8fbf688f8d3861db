"""What goes wrong many times a second is logged once a minute."""

import time

from structlog.typing import FilteringBoundLogger

EVERY_S = 60.0


class Seldom:
    """Warnings of one event, at most one a minute; the others are dropped."""

    def __init__(self, log: FilteringBoundLogger, event: str) -> None:
        self._log, self._event, self._next_at = log, event, 0.0

    def warn(self, exc: Exception) -> None:
        """With the error's kind only: its text may hold a URL with a password."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + EVERY_S
            self._log.warning(self._event, error=type(exc).__name__)
