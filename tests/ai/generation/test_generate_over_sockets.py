"""Generating through the real server: disconnects, many at once, a graceful stop."""

import asyncio
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

import aiohttp
import pytest

from src.accounts.services import create_api_token
from src.ai.models import GenerationStatus, ImageGeneration
from src.core.db import POOL
from src.media.models import MediaAsset
from tests.ai.generation.conftest import URL
from tests.serving import Server


@pytest.fixture
def token(ai_manager) -> str:
    return create_api_token(user=ai_manager, name="t", scopes=["images", "media:read"])[1]


def send(server: Server, token: str, body: dict) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", URL, json.dumps(body), headers)
    return connection


def wait_for(is_true, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def test_a_client_that_leaves_does_not_stop_the_paid_call(server, upstream, token, gpt_image):
    with upstream.hold():
        connection = send(server, token, {"model_id": gpt_image.pk, "prompt": "a"})
        upstream.wait_until_in_flight(1)
        connection.close()
        time.sleep(0.2)

    wait_for(lambda: MediaAsset.objects.exists())
    assert ImageGeneration.objects.get().status == GenerationStatus.SUCCEEDED
    assert upstream.paid_calls == 1


def test_a_graceful_stop_finishes_what_was_paid_for(server, upstream, token, gpt_image):
    with upstream.hold():
        connection = send(server, token, {"model_id": gpt_image.pk, "prompt": "a"})
        upstream.wait_until_in_flight(1)
        connection.close()
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.3)
        assert stopping.is_alive()
    stopping.join()

    assert ImageGeneration.objects.get().status == GenerationStatus.SUCCEEDED


async def test_many_wait_at_once_without_a_thread_each(server, upstream, token, gpt_image):
    headers = {"Authorization": f"Bearer {token}"}
    threads_before = threading.active_count()

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def generate_once() -> int:
            body = {"model_id": gpt_image.pk, "prompt": "a", "save_to_media": False}
            async with session.post(f"{server.url}{URL}", json=body) as answer:
                await answer.read()
                return answer.status

        with upstream.hold():
            waiting = [asyncio.create_task(generate_once()) for _ in range(40)]
            await asyncio.to_thread(upstream.wait_until_in_flight, 40, timeout_s=20)
            threads_while_waiting = threading.active_count()
        statuses = await asyncio.gather(*waiting)

    assert set(statuses) == {200}
    assert threads_while_waiting - threads_before <= POOL._max_workers + 8


def test_the_server_answers_others_while_it_waits(server, upstream, token, gpt_image):
    with upstream.hold():
        waiting = send(server, token, {"model_id": gpt_image.pk, "prompt": "a"})
        upstream.wait_until_in_flight(1)
        other = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        other.request("GET", "/livez")
        assert other.getresponse().status == 200
        other.close()
    assert waiting.getresponse().status == 201
    waiting.close()
