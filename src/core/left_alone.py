"""A service of our own that failed is left alone for a while, so that its end delays few."""

import threading
import time
from collections.abc import Callable


class LeftAlone:
    """After a failure one caller tries again every `pause_s()` seconds, for all threads."""

    def __init__(self, pause_s: Callable[[], float]) -> None:
        self._pause_s, self._lock = pause_s, threading.Lock()
        self._has_failed, self._next_try_at = False, 0.0

    @property
    def has_failed(self) -> bool:
        """Whether the last attempt failed."""
        return self._has_failed

    def may_try(self) -> bool:
        """Whether the caller may try now; it says how that ended."""
        with self._lock:
            if not self._has_failed:
                return True
            if time.monotonic() < self._next_try_at:
                return False
            self._wait()
            return True

    def failed(self) -> None:
        with self._lock:
            self._has_failed = True
            self._wait()

    def succeeded(self) -> None:
        if self._has_failed:
            with self._lock:
                self._has_failed = False

    def _wait(self) -> None:
        self._next_try_at = time.monotonic() + self._pause_s()
