"""«Something changed, look at the database»: told by topic and without content, to whoever watches it.

A notice is a hint. One that is lost costs its watcher at most `poll_s()`: the rows are the truth.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from src.core import notice_channel

QUIET_S = 15.0
UNSURE_S = 1.0


class Changes:
    """The notices of some topics, in the event loop that watches them."""

    def __init__(self) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Whether a notice came since the last wait that told of one, or came within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._told.wait()
        except TimeoutError:
            return False
        self._told.clear()
        return True

    def tell(self) -> None:
        """From any thread."""
        # RuntimeError: the loop has ended, and with it whoever watched.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._told.set)


class _Watchers:
    """Who watches what in this process, in whichever event loops."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Changes]] = {}
        self._lock = threading.Lock()

    def add(self, changes: Changes, topics: Iterable[str]) -> None:
        with self._lock:
            for topic in topics:
                self._by_topic.setdefault(topic, set()).add(changes)

    def remove(self, changes: Changes, topics: Iterable[str]) -> None:
        with self._lock:
            for topic in topics:
                self._by_topic[topic].discard(changes)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]

    def tell(self, topics: Iterable[str]) -> None:
        with self._lock:
            told = set().union(*(self._by_topic.get(topic, ()) for topic in topics))
        for changes in told:
            changes.tell()

    def tell_all(self) -> None:
        with self._lock:
            told = set().union(*self._by_topic.values())
        for changes in told:
            changes.tell()


_watchers = _Watchers()


def publish(*topics: str) -> None:
    """Tell the watchers of `topics`, here and, through Redis, in the other processes; after commit.

    From any thread but an event loop's: a Redis that hangs holds it up to a second. Never raises for Redis.
    """
    _watchers.tell(topics)
    notice_channel.publish(topics)


def tell_all() -> None:
    """Wake every watcher of this process, whatever it watches."""
    _watchers.tell_all()


@asynccontextmanager
async def watch(*topics: str) -> AsyncIterator[Changes]:
    """What is told of `topics` from now on. Look at the database inside, then wait: no change falls between."""
    changes, topics = Changes(), tuple(set(topics))
    _watchers.add(changes, topics)
    try:
        yield changes
    finally:
        _watchers.remove(changes, topics)


async def listen() -> None:
    """Hear the other processes until cancelled; without REDIS_URL there is none to hear, and it returns at once."""
    await notice_channel.listen(on_topics=_watchers.tell, on_gap=_watchers.tell_all)


def poll_s() -> float:
    """How long a watcher may trust silence, in seconds: long while every writer is heard of."""
    return QUIET_S if notice_channel.is_complete() else UNSURE_S
