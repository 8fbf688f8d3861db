"""Notices within the process, and between processes through a real Redis (REDIS_URL switches those on)."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings as project

from src.core import notice_channel, notices

REDIS_URL = os.environ.get("REDIS_URL", "")
SOON_S = 5.0
SHORT_S = 0.05
needs_redis = pytest.mark.skipif(not REDIS_URL, reason="REDIS_URL switches it on")


@pytest.fixture(autouse=True)
def alone(settings):
    settings.REDIS_URL = ""


async def test_a_watcher_is_told():
    async with notices.watch("job:1") as changes:
        notices.publish("job:1")

        assert await changes.wait(SOON_S)


async def test_a_watcher_of_something_else_is_not():
    async with notices.watch("job:1") as changes:
        notices.publish("job:2")

        assert not await changes.wait(SHORT_S)


async def test_a_notice_between_two_waits_counts():
    async with notices.watch("job:1") as changes:
        assert not await changes.wait(SHORT_S)
        notices.publish("job:1")
        await asyncio.sleep(SHORT_S)

        assert await changes.wait(SHORT_S)


async def test_a_notice_that_was_told_is_not_told_again():
    async with notices.watch("job:1", "person:1") as changes:
        notices.publish("job:1", "person:1")
        notices.publish("job:1")
        await asyncio.sleep(SHORT_S)

        assert await changes.wait(SOON_S)
        assert not await changes.wait(SHORT_S)


async def test_all_watchers_of_a_topic_are_told():
    async with notices.watch("job:1", "job:2") as first, notices.watch("job:2") as second:
        notices.publish("job:2")

        assert await first.wait(SOON_S)
        assert await second.wait(SOON_S)


async def test_it_is_told_from_any_thread_and_at_once():
    began = time.monotonic()
    async with notices.watch("job:1") as changes:
        threading.Timer(SHORT_S, notices.publish, ["job:1"]).start()

        assert await changes.wait(SOON_S)
    assert time.monotonic() - began < SOON_S / 2


async def test_many_threads_at_once_lose_nothing():
    async with notices.watch("job:1") as changes:
        for _ in range(200):
            publisher = asyncio.to_thread(notices.publish, "job:1")
            told, _ = await asyncio.gather(changes.wait(SOON_S), publisher)
            assert told


def test_watchers_in_several_event_loops_are_told():
    ready = threading.Barrier(3)

    async def watch() -> bool:
        async with notices.watch("job:1") as changes:
            await asyncio.to_thread(ready.wait)
            return await changes.wait(SOON_S)

    told: list[bool] = []
    threads = [threading.Thread(target=lambda: told.append(asyncio.run(watch()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    ready.wait(SOON_S)
    notices.publish("job:1")
    for thread in threads:
        thread.join()

    assert told == [True, True]


def test_a_loop_that_has_ended_disturbs_nobody():
    async def enter() -> notices.Changes:
        return notices.Changes()

    changes = asyncio.run(enter())
    notices._watchers.add(changes, ["job:1"])

    notices.publish("job:1")

    notices._watchers.remove(changes, ["job:1"])
    assert not changes._told.is_set()


async def test_nothing_is_kept_of_watchers_that_have_gone():
    async with notices.watch("job:1", "person:1", "job:1"):
        assert set(notices._watchers._by_topic) >= {"job:1", "person:1"}

    assert not {"job:1", "person:1"} & set(notices._watchers._by_topic)


async def test_alone_in_the_process_silence_can_be_trusted_and_there_is_nothing_to_listen_to():
    assert notices.poll_s() == 15
    await asyncio.wait_for(notices.listen(), SOON_S)


async def test_without_a_listener_silence_is_not_trusted(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert notices.poll_s() == 1


def test_a_redis_that_is_gone_is_told_of_once_and_left_alone(settings, log_lines):
    with closed_port() as port:
        settings.REDIS_URL = f"redis://:sesame@127.0.0.1:{port}/0"
        for _ in range(100):
            notices.publish("job:1")

    [line] = log_lines("notices_not_sent")
    assert line["error"] == "ConnectionError"
    assert "sesame" not in str(line)


def test_a_redis_that_hangs_delays_nobody_for_long(settings):
    with silent_port() as port:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        began = time.monotonic()
        for _ in range(100):
            notices.publish("job:1")

    assert time.monotonic() - began < 1


async def test_watchers_here_are_told_though_redis_is_gone(settings):
    with closed_port() as port:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/1"
        async with notices.watch("job:1") as changes:
            notices.publish("job:1")

            assert await changes.wait(SOON_S)


@needs_redis
async def test_another_process_is_heard(settings):
    settings.REDIS_URL = REDIS_URL
    async with listening(), notices.watch("job:1") as changes, notices.watch("job:2") as other:
        await asyncio.to_thread(publish_elsewhere, "job:1")

        assert await changes.wait(SOON_S)
        assert not await other.wait(SHORT_S)
        assert notices.poll_s() == 15
    assert notices.poll_s() == 1


@needs_redis
async def test_what_this_process_says_comes_back_to_nobody(settings):
    settings.REDIS_URL = REDIS_URL
    async with listening(), notices.watch("job:1") as changes:
        await asyncio.to_thread(notice_channel.publish, ["job:1"])

        assert not await changes.wait(0.3)


@needs_redis
async def test_a_message_that_it_cannot_read_counts_as_a_change_of_anything(settings):
    settings.REDIS_URL = REDIS_URL
    async with listening(), notices.watch("job:1") as changes:
        with redis.Redis.from_url(REDIS_URL) as client:
            client.publish(notice_channel._channel(client), b"\xff")

        assert await changes.wait(SOON_S)


@needs_redis
async def test_after_the_connection_broke_all_watchers_look_again(settings):
    async with Relay() as relay:
        settings.REDIS_URL = relay.url
        async with listening(), notices.watch("job:1") as changes:
            relay.refuses = True
            relay.cut()
            await until(lambda: notices.poll_s() == 1)
            assert not await changes.wait(SHORT_S)
            relay.refuses = False

            assert await changes.wait(SOON_S)
            assert notices.poll_s() == 15


@needs_redis
async def test_a_connection_that_has_gone_silent_is_not_trusted_for_long(settings, monkeypatch):
    monkeypatch.setattr(notice_channel, "PING_EVERY_S", 0.1)
    async with Relay() as relay:
        settings.REDIS_URL = relay.url
        async with listening():
            await asyncio.sleep(0.5)
            assert notices.poll_s() == 15
            relay.is_frozen = relay.refuses = True

            await until(lambda: notices.poll_s() == 1)


@needs_redis
async def test_a_sender_that_could_not_send_lets_all_look_again_once_it_can(settings, monkeypatch):
    monkeypatch.setattr(notice_channel, "LEFT_ALONE_S", 0.1)
    async with Relay() as relay:
        settings.REDIS_URL = relay.url
        async with listening(), notices.watch("job:1") as changes:
            # The listener keeps its connection; the sender does not get one.
            relay.refuses = True
            await asyncio.to_thread(notices.publish, "job:2")
            relay.refuses = False
            await asyncio.sleep(0.15)
            assert not await changes.wait(SHORT_S)

            await asyncio.to_thread(notices.publish, "job:2")

            assert await changes.wait(SOON_S)


@needs_redis
async def test_a_connection_that_redis_closed_costs_no_notice(settings):
    async with Relay() as relay:
        settings.REDIS_URL = relay.url
        await asyncio.to_thread(notices.publish, "job:1")
        relay.cut()
        await asyncio.sleep(SHORT_S)
        with redis.Redis.from_url(REDIS_URL) as client, client.pubsub(ignore_subscribe_messages=True) as hearing:
            hearing.subscribe(notice_channel._channel(client))
            hearing.get_message(timeout=1)

            await asyncio.to_thread(notices.publish, "job:9")

            assert b"job:9" in hearing.get_message(timeout=SOON_S)["data"]


@asynccontextmanager
async def listening() -> AsyncIterator[None]:
    """The process's listener, connected; all look at the database then."""
    async with notices.watch("any") as changes:
        task = asyncio.create_task(notices.listen())
        try:
            assert await changes.wait(SOON_S)
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def until(holds, within_s: float = SOON_S) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def publish_elsewhere(topic: str) -> None:
    code = f"import django; django.setup(); from src.core import notices; notices.publish({topic!r})"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-c", code], env=env, cwd=project.BASE_DIR, check=True, timeout=20)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class Relay:
    """A port in front of Redis that can be cut off, made to refuse, or to keep still."""

    refuses = is_frozen = False

    async def __aenter__(self) -> "Relay":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._open: set[asyncio.StreamWriter] = set()
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}{urlsplit(REDIS_URL).path}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        self.cut()
        await until(lambda: not self._open)

    def cut(self) -> None:
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            return writer.close()
        there = urlsplit(REDIS_URL)
        from_redis, to_redis = await asyncio.open_connection(there.hostname, there.port or 6379)
        pair = {writer, to_redis}
        self._open |= pair
        await asyncio.gather(self._pass(reader, to_redis), self._pass(from_redis, writer))
        self._open -= pair

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                if not self.is_frozen:
                    writer.write(piece)
        except OSError:
            pass
        finally:
            writer.close()
