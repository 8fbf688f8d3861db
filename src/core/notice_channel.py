"""Notices between processes, over one Redis channel; that Redis fails delays nobody for long and raises nowhere."""

import asyncio
import os
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import redis
import redis.asyncio
import structlog
from django.conf import settings
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from src.core.left_alone import LeftAlone
from src.core.log_seldom import Seldom

log = structlog.get_logger("negareh.notices")

SOCKET_TIMEOUT_S = 0.4
LEFT_ALONE_S = 5.0
"""For how long after a failure nothing is sent to Redis."""
PING_EVERY_S = 5.0
RETRY_S = (0.1, 5.0)
"""The listener's first and longest pause between attempts to connect."""

_started = secrets.token_hex(8)


class Notice(msgspec.Struct):
    """What goes over the channel. No topics: the sender could not tell for a while what changed."""

    sender: str
    topics: list[str]


def publish(topics: Iterable[str]) -> None:
    """Tell the other processes, if there are any; takes up to a second where Redis hangs."""
    if settings.REDIS_URL:
        _sender_to(settings.REDIS_URL).send(list(topics))


def is_complete() -> bool:
    """Whether every writer is heard of: there is one process only, or the channel is listened to."""
    return not settings.REDIS_URL or _connected > 0


def _this_process() -> str:
    """Asked each time: a fork has its parent's modules."""
    return f"{_started}-{os.getpid()}"


def _channel(client: redis.Redis | redis.asyncio.Redis) -> str:
    """With the database's number, which Redis' own channels are not kept apart by."""
    return f"negareh:{client.connection_pool.connection_kwargs.get('db') or 0}:notices"


class _Sender:
    """The process's connections for sending."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_connect_timeout=SOCKET_TIMEOUT_S,
            socket_timeout=SOCKET_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._channel = _channel(self._client)
        self._redis = LeftAlone(lambda: LEFT_ALONE_S)
        self._seldom = Seldom(log, "notices_not_sent")

    def send(self, topics: list[str]) -> None:
        if not self._redis.may_try():
            return
        notice = Notice(_this_process(), [] if self._redis.has_failed else topics)
        try:
            self._client.publish(self._channel, msgspec.json.encode(notice))
        except (redis.RedisError, OSError) as exc:
            self._seldom.warn(exc)
            self._redis.failed()
        else:
            self._redis.succeeded()


_senders: dict[str, _Sender] = {}
_lock = threading.Lock()


def _sender_to(url: str) -> _Sender:
    with _lock:
        if url not in _senders:
            _senders[url] = _Sender(url)
        return _senders[url]


_connected = 0
"""How many listeners of this process are subscribed."""


async def listen(*, on_topics: Callable[[list[str]], Any], on_gap: Callable[[], Any]) -> None:
    """Hear the channel until cancelled, connecting again as often as needed.

    `on_gap` is called where notices may have been missed: after each connecting, and when a sender says so.
    """
    if not settings.REDIS_URL:
        return
    seldom, pause_s = Seldom(log, "notices_not_heard"), RETRY_S[0]
    while True:
        began = time.monotonic()
        try:
            async with _subscription() as subscription:
                await _hear(subscription, on_topics, on_gap)
        except (redis.RedisError, OSError) as exc:
            seldom.warn(exc)
        if time.monotonic() - began > RETRY_S[1]:
            pause_s = RETRY_S[0]
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, RETRY_S[1])


@asynccontextmanager
async def _subscription() -> AsyncIterator[PubSub]:
    """A connection of its own, closed with all that belongs to it."""
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=PING_EVERY_S,
        socket_timeout=PING_EVERY_S,
        retry=AsyncRetry(NoBackoff(), 0),
    )
    async with client, client.pubsub() as subscription:
        await subscription.subscribe(_channel(client))
        yield subscription


async def _hear(subscription: PubSub, on_topics: Callable[[list[str]], Any], on_gap: Callable[[], Any]) -> None:
    """Raises RedisError when the connection is lost, or has gone silent for two rounds."""
    is_asked = False
    with _Connected() as connected:
        while True:
            message = await subscription.get_message(timeout=PING_EVERY_S)
            if message is None:
                if is_asked:
                    raise redis.TimeoutError("no answer to a ping")
                await subscription.ping()
            elif message["type"] == "subscribe":
                connected.count()
                on_gap()
            elif message["type"] == "message":
                _pass_on(message["data"], on_topics, on_gap)
            is_asked = message is None


def _pass_on(body: bytes, on_topics: Callable[[list[str]], Any], on_gap: Callable[[], Any]) -> None:
    try:
        notice = msgspec.json.decode(body, type=Notice)
    except msgspec.MsgspecError:
        # Another version's: something has changed.
        return on_gap()
    if not notice.topics:
        on_gap()
    elif notice.sender != _this_process():
        on_topics(notice.topics)


class _Connected:
    """Counts a listener as connected, from its subscription to its end."""

    _counted = 0

    def count(self) -> None:
        global _connected
        self._counted += 1
        _connected += 1

    def __enter__(self) -> "_Connected":
        return self

    def __exit__(self, *_error: object) -> None:
        global _connected
        _connected -= self._counted
