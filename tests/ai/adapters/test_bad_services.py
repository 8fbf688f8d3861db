"""Services that are silent, slow, enormous or hostile: each ends in the right class, in time, and tells honestly
whether money may have gone."""

import asyncio
import itertools
import json
import time
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from aiohttp import web

from src.ai.providers import adapters, get_adapter, linked_pictures
from src.ai.providers.contract import ImageLink, ImageResult, ProviderConnection, Received
from src.ai.providers.errors import (
    BrokenAnswer,
    KeyInvalid,
    NoImageReturned,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    Rejected,
    ServiceFailed,
    Unreachable,
)
from src.core.secret import Secret
from tests.ai.adapters.services import connection_of, request_of
from tests.upstream import delivery
from tests.upstream.delivery import MEGABYTE
from tests.upstream.pictures import draw

MAKERS = sorted(slug for slug, adapter in adapters().items() if adapter.makes_images and slug != "sandbox")
KEY = "plainkey-canary-0123456789"
COUNTER = itertools.count()
TIMEOUT_S = 0.6
PATIENCE_S = 2.5
every_maker = pytest.mark.parametrize("slug", MAKERS)


def connect(slug, upstream, **changes) -> ProviderConnection:
    key = f"{KEY}-{next(COUNTER)}"
    upstream.good_keys.add(key)
    return replace(connection_of(slug, upstream), key=Secret(key), **{"timeout_s": TIMEOUT_S, **changes})


async def failure(slug, upstream, events, **changes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await generate(slug, connect(slug, upstream, **changes), events)
    assert KEY not in json.dumps([caught.value.facts, str(caught.value)])
    return caught.value


async def generate(slug, connection, events) -> ImageResult:
    return await get_adapter(slug).generate(connection, request_of(slug), on_event=events)


class InTime:
    """What runs inside must not outlast the call's own limit by much."""

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, *_error: object) -> None:
        assert time.monotonic() - self._started < PATIENCE_S


def told(error: ProviderError) -> tuple[type[ProviderError], str, str]:
    return type(error), error.reason, error.charged


async def stalls_midway(request: web.Request, answer: object) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json"})
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"data": [')
    await asyncio.sleep(60)
    return response


@every_maker
async def test_nobody_listens(slug, upstream, events):
    with upstream.refuse_connections() as url, InTime():
        error = await failure(slug, upstream, events, base_url=url)

    assert told(error) == (Unreachable, "", "no")


@every_maker
async def test_silence_ends_by_the_clock_and_may_have_cost(slug, upstream, events):
    upstream.delay_next(60)

    with InTime():
        error = await failure(slug, upstream, events)

    assert told(error) == (ProviderTimeout, "", "unknown")
    assert upstream.paid_calls == 1


@every_maker
async def test_a_stall_midway_ends_by_the_clock(slug, upstream, events):
    upstream.play_response(deliver=stalls_midway)

    with InTime():
        error = await failure(slug, upstream, events)

    assert told(error) == (ProviderTimeout, "", "unknown")


@every_maker
async def test_one_byte_a_second_ends_by_the_clock(slug, upstream, events):
    upstream.trickle(bytes_per_s=1)

    with InTime():
        error = await failure(slug, upstream, events)

    assert told(error) == (ProviderTimeout, "", "unknown")


@every_maker
async def test_a_connection_that_breaks_may_have_cost_and_is_not_tried_again(slug, upstream, events):
    upstream.drop_after_accept()

    assert told(await failure(slug, upstream, events)) == (BrokenAnswer, "connection_lost", "unknown")
    assert upstream.paid_calls == 1


@every_maker
@pytest.mark.parametrize("declares_length", [True, False])
async def test_200_megabytes_are_cut_off(slug, upstream, events, declares_length):
    upstream.oversize_body(mb=200, declares_length=declares_length)

    tracemalloc.start()
    error = await failure(slug, upstream, events, timeout_s=30)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told(error) == (BrokenAnswer, "answer_too_large", "unknown")
    assert peak < 130 * MEGABYTE
    assert not [event for event in events if isinstance(event, Received)]


def bomb_of(mb: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(bytes(MEGABYTE)) for _ in range(mb)), packer.flush()])


@every_maker
async def test_a_bomb_is_measured_as_it_unpacks(slug, upstream, events):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    upstream.play_response(headers=headers, body=bomb_of(200))

    tracemalloc.start()
    error = await failure(slug, upstream, events, timeout_s=30)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told(error) == (BrokenAnswer, "answer_too_large", "unknown")
    assert peak < 150 * MEGABYTE


@every_maker
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_gets_no_key(slug, upstream, events, status):
    upstream.redirect_next(to=f"{upstream.url}/elsewhere", status=status)

    assert told(await failure(slug, upstream, events)) == (ServiceFailed, "redirect", "no")
    assert not [request for request in upstream.requests if request.path == "/elsewhere"]


@every_maker
async def test_a_web_page_with_200_may_have_cost(slug, upstream, events):
    upstream.play_response(headers={"content-type": "text/html"}, body=b"<html><body>Welcome</body></html>")

    error = await failure(slug, upstream, events)

    assert (type(error), error.charged) == (BrokenAnswer, "unknown")
    assert "Welcome" not in json.dumps(error.facts)


@every_maker
async def test_a_proxys_page_with_502_may_have_cost(slug, upstream, events):
    upstream.play("openai_compatible/html_error_page")

    error = await failure(slug, upstream, events)

    assert type(error) in (BrokenAnswer, ServiceFailed)
    assert error.charged == "unknown"


@every_maker
@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("body", [{}, [], {"message": "Internal server error"}])
async def test_a_gateways_json_may_have_cost(slug, upstream, events, status, body):
    upstream.play_response(status=status, body=body)

    assert (await failure(slug, upstream, events)).charged == "unknown"


STATUSES = [(401, KeyInvalid), (429, RateLimited), (503, Overloaded)]
JSON = {"content-type": "application/json"}


@every_maker
@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_an_error_whose_body_is_cut_off_is_what_its_status_says(slug, upstream, events, status, kind):
    body = json.dumps({"error": {"message": "x" * 1000}}).encode()
    upstream.play_response(status=status, headers=JSON, body=body, deliver=delivery.cut_short(50))

    assert told(await failure(slug, upstream, events)) == (kind, "", "no")


@every_maker
@pytest.mark.parametrize(("status", "kind"), [*STATUSES, (400, Rejected)])
async def test_an_error_of_20_megabytes_is_what_its_status_says_at_once(slug, upstream, events, status, kind):
    body = json.dumps({"error": {"message": "x" * 20 * MEGABYTE}}).encode()
    upstream.play_response(status=status, headers=JSON, body=body)

    started = time.monotonic()
    error = await failure(slug, upstream, events, timeout_s=30)

    assert (type(error), error.charged) == (kind, "no")
    assert time.monotonic() - started < 1.5


@every_maker
@pytest.mark.parametrize("status", [200, 201, 204])
async def test_an_empty_success_may_have_cost(slug, upstream, events, status):
    upstream.play_response(status=status)

    error = await failure(slug, upstream, events)

    assert isinstance(error, BrokenAnswer | NoImageReturned)
    assert error.charged == "unknown"
    assert [event for event in events if isinstance(event, Received)]


@every_maker
@pytest.mark.parametrize("body", [{}, [], {"data": []}, {"data": None}, {"images": []}, {"candidates": []}, "x", 7])
async def test_json_without_a_picture_may_have_cost(slug, upstream, events, body):
    upstream.play_response(body=body)

    error = await failure(slug, upstream, events)

    assert isinstance(error, BrokenAnswer | NoImageReturned)
    assert error.charged == "unknown"


# How a service says where its picture is; those that are not here send pictures only inside the answer.
LINKED = {
    "openai": lambda url: {"data": [{"url": url}]},
    "openai_compatible": lambda url: {"data": [{"url": url}]},
    "huggingface": lambda url: {"images": [{"url": url}]},
}
every_linker = pytest.mark.parametrize("slug", [slug for slug in MAKERS if slug in LINKED])


@pytest.fixture
def no_pauses(monkeypatch):
    """A link that fails is tried again at once."""
    monkeypatch.setattr(linked_pictures, "FETCH_PAUSE_S", 0.0)


async def problem_with(slug, upstream, events, url, **changes) -> str:
    """What is said of the one picture that the answer links to; the paid call itself is a success."""
    upstream.play_response(body=LINKED[slug](url))
    result = await generate(slug, connect(slug, upstream, **changes), events)
    [image] = result.images
    assert image.content == b""
    assert [call.error for call in result.calls] == [None]
    assert upstream.paid_calls == 1
    return image.problem


def fetches_of(upstream, path="/link.png"):
    return [request for request in upstream.requests if request.path == path]


@every_linker
@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/link.png",
        "https://169.254.169.254/latest/meta-data/link.png",
        "https://[::1]/link.png",
        "http://8.8.8.8/link.png",
        "ftp://files.example/link.png",
        "file:///etc/passwd",
        "https://user:pass@files.example/link.png",
        "https://[bad/link.png",
        "\0",
    ],
)
async def test_a_link_that_must_not_be_called_is_not(slug, upstream, events, no_pauses, url):
    with InTime():
        assert await problem_with(slug, upstream, events, url) == "fetch_failed"

    assert fetches_of(upstream) == []


@every_linker
async def test_a_name_for_this_machine_is_not_called(slug, upstream, events, no_pauses):
    port = upstream.url.rpartition(":")[2]

    assert await problem_with(slug, upstream, events, f"https://localhost:{port}/link.png") == "fetch_failed"
    assert fetches_of(upstream) == []


@every_linker
async def test_another_port_of_the_allowed_machine_is_not_called(slug, upstream, events, no_pauses):
    with upstream.refuse_connections() as url:
        assert await problem_with(slug, upstream, events, f"{url}/link.png") == "fetch_failed"


@every_linker
async def test_a_linked_redirect_is_not_followed(slug, upstream, events, no_pauses):
    upstream.redirect_next(to=f"{upstream.url}/elsewhere.png", path="/link.png", times=3)

    assert await problem_with(slug, upstream, events, f"{upstream.url}/link.png") == "fetch_failed"
    assert fetches_of(upstream, "/elsewhere.png") == []


@every_linker
async def test_a_link_to_200_megabytes_is_given_up(slug, upstream, events, no_pauses):
    upstream.oversize_body(mb=200, declares_length=True, path="/link.png", times=2)
    upstream.oversize_body(mb=200, path="/link.png")

    tracemalloc.start()
    assert await problem_with(slug, upstream, events, f"{upstream.url}/link.png", timeout_s=30) == "fetch_failed"
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100 * MEGABYTE


@every_linker
async def test_a_link_to_nothing_is_tried_three_times(slug, upstream, events, no_pauses):
    assert await problem_with(slug, upstream, events, f"{upstream.url}/link.png") == "fetch_failed"
    assert len(fetches_of(upstream)) == 3


MANY = {
    "openai": lambda urls: {"data": [{"url": url} for url in urls]},
    "openai_compatible": lambda urls: {"data": [{"url": url} for url in urls]},
    "huggingface": lambda urls: {"images": [{"url": url} for url in urls]},
}


@every_linker
async def test_of_1500_links_to_one_picture_eleven_are_followed(slug, upstream, events):
    upstream.play_response(body=MANY[slug]([f"{upstream.url}/many/{number}.png" for number in range(1500)]))
    upstream.play_response(body=draw((8, 8), "png"), path="/many/", times=11)

    images = (await generate(slug, connect(slug, upstream), events)).images

    assert [image.problem for image in images] == [""] * 11 + ["too_many"]
    assert len([request for request in upstream.requests if request.path.startswith("/many/")]) == 11
    assert upstream.max_in_flight <= linked_pictures.FETCHES_AT_ONCE


@every_linker
async def test_slow_links_end_together(slug, upstream, events, monkeypatch):
    monkeypatch.setattr(linked_pictures, "FETCH_TOTAL_S", 0.5)
    upstream.play_response(body=MANY[slug]([f"{upstream.url}/slow/{number}.png" for number in range(8)]))
    upstream.play_response(body=draw((8, 8), "png"), path="/slow/")
    upstream.delay_next(60, path="/slow/", times=4)

    with InTime():
        images = (await generate(slug, connect(slug, upstream), events)).images

    assert sorted(image.problem for image in images) == [""] + ["fetch_failed"] * 7
    upstream.clear_switches()


@every_maker
@pytest.mark.parametrize("url", ["https://files.example/1.png", "http://127.0.0.1:1/1.png", "https://10.0.0.1/1.png"])
def test_the_key_does_not_go_along_to_another_origin(slug, upstream, url):
    connection = connect(slug, upstream)

    headers = get_adapter(slug).link_headers(connection, ImageLink(url=url))

    assert KEY not in json.dumps(headers)
