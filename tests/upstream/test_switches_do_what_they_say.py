"""Each switch of the server, seen by an aiohttp client."""

import asyncio
import base64
import io
import time

import aiohttp
import pytest
from PIL import Image

from tests.upstream import delivery, load_fixture
from tests.upstream.pictures import large_png, png_with_header, svg_bytes
from tests.upstream.wire import fixture_names

GOOD_KEY = {"Authorization": "Bearer sk-test-good"}
ASKED = {"model": "gpt-image-2.6-flare", "prompt": "A red bicycle"}


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(headers=GOOD_KEY) as session:
        yield session


@pytest.fixture
def generations(upstream):
    return f"{upstream.openai_url}/images/generations"


async def status_of(http, url, **options):
    async with http.post(url, json=ASKED, **options) as response:
        return response.status


async def first_b64(http, url):
    async with http.post(url, json=ASKED) as response:
        return (await response.json())["data"][0]["b64_json"]


@pytest.mark.parametrize(
    "name",
    [name for provider in ("openai", "openai_compatible", "openrouter") for name in fixture_names(provider)],
)
async def test_play_sends_the_fixture_as_it_is(http, upstream, generations, name):
    fixture = load_fixture(name)
    upstream.play(name)
    async with http.post(generations, json=ASKED) as response:
        assert (response.status, await response.read()) == (fixture.status, fixture.body)
        assert fixture.headers.items() <= {key: response.headers[key] for key in fixture.headers}.items()


async def test_play_serves_one_request_then_all_is_normal(http, upstream, generations):
    upstream.play("openai/slow_down")
    assert [await status_of(http, generations) for _ in range(2)] == [429, 200]


async def test_switches_are_used_in_the_order_set(http, upstream, generations):
    upstream.play("openai/server_error", times=2)
    upstream.play("openai/slow_down")
    assert [await status_of(http, generations) for _ in range(4)] == [500, 500, 429, 200]


async def test_a_switch_without_a_path_leaves_unpaid_requests_alone(http, upstream, generations):
    upstream.play("openai/slow_down")
    async with http.get(f"{upstream.openai_url}/models") as response:
        assert response.status == 200
    assert await status_of(http, generations) == 429


async def test_a_switch_with_a_path_waits_for_it(http, upstream, generations):
    upstream.play("openai/overloaded", path="/v1/models")
    assert await status_of(http, generations) == 200
    async with http.get(f"{upstream.openai_url}/models") as response:
        assert response.status == 503


async def test_play_response_sends_exactly_what_it_is_given(http, upstream, generations):
    upstream.play_response(status=418, headers={"X-Odd": "yes"}, body=b"\x00teapot")
    async with http.post(generations, json=ASKED) as response:
        assert (response.status, response.headers["X-Odd"]) == (418, "yes")
        assert await response.read() == b"\x00teapot"


async def test_play_response_sends_other_bodies_as_json(http, upstream, generations):
    upstream.play_response(body={"data": []})
    async with http.post(generations, json=ASKED) as response:
        assert await response.json() == {"data": []}


async def test_delay_next_delays_one_request(http, upstream, generations):
    upstream.delay_next(0.3)
    started = time.monotonic()
    await status_of(http, generations)
    delayed = time.monotonic() - started
    await status_of(http, generations)
    assert delayed >= 0.3
    assert time.monotonic() - started - delayed < 0.3


async def test_any_switch_can_be_delayed(http, upstream, generations):
    upstream.play("openai/slow_down", delay_s=0.2)
    started = time.monotonic()
    assert await status_of(http, generations) == 429
    assert time.monotonic() - started >= 0.2


async def test_drop_after_accept_records_the_request_and_answers_nothing(http, upstream, generations):
    upstream.drop_after_accept()
    with pytest.raises(aiohttp.ClientConnectionError):
        await status_of(http, generations)
    assert upstream.requests[0].json == ASKED


async def test_truncate_body_declares_more_than_it_sends(http, upstream, generations):
    upstream.truncate_body(at=100)
    async with http.post(generations, json=ASKED) as response:
        assert response.content_length > 100
        assert len(await response.content.readexactly(100)) == 100
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_redirect_next_redirects_and_keeps_the_method(http, upstream, generations):
    upstream.redirect_next(to=f"{upstream.url}/elsewhere")
    async with http.post(generations, json=ASKED, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (307, f"{upstream.url}/elsewhere")


@pytest.mark.parametrize("declares_length", [True, False])
async def test_oversize_body_is_as_large_as_said(http, upstream, generations, declares_length):
    upstream.oversize_body(mb=3, declares_length=declares_length)
    async with http.post(generations, json=ASKED) as response:
        assert (response.content_length is not None) is declares_length
        assert len((await response.json())["data"][0]["b64_json"]) == 3 * 1024 * 1024


async def test_a_client_that_leaves_an_oversize_body_frees_the_server(http, upstream, generations):
    upstream.oversize_body(mb=2000)
    async with http.post(generations, json=ASKED) as response:
        await response.content.readexactly(1000)
        response.close()
    await asyncio.to_thread(upstream.wait_until_in_flight, 0)

    assert upstream.in_flight == 0


async def test_trickle_takes_its_time_and_sends_everything(http, upstream):
    upstream.trickle(bytes_per_s=2000, path="/models")
    started = time.monotonic()
    async with http.get(f"{upstream.openai_url}/models") as response:
        body = await response.read()
    assert body == load_fixture("openai/models_list").body
    assert time.monotonic() - started >= len(body) / 2000


async def test_a_played_fixture_can_be_sent_in_another_way(http, upstream, generations):
    fixture = load_fixture("openai/images_generate_stream_success")
    upstream.play(fixture.name, deliver=delivery.cut_short(at=300))
    async with http.post(generations, json=ASKED) as response:
        assert await response.content.readexactly(300) == fixture.body[:300]
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_picture_next_sends_exactly_these_bytes(http, upstream, generations):
    upstream.picture_next(png_with_header(60_000, 60_000))
    assert base64.b64decode(await first_b64(http, generations)) == png_with_header(60_000, 60_000)


async def test_picture_next_also_changes_a_picture_served_by_url(http, upstream):
    upstream.picture_next(svg_bytes())
    async with http.post(f"{upstream.compatible_url}/images/generations", json=ASKED) as response:
        url = (await response.json())["data"][0]["url"]
    async with http.get(url) as served:
        assert await served.read() == svg_bytes()


async def test_b64_next_sends_exactly_this_string(http, upstream, generations):
    upstream.b64_next("data:image/png;base64,iVBO\nRw0KGgo")
    assert await first_b64(http, generations) == "data:image/png;base64,iVBO\nRw0KGgo"


@pytest.mark.parametrize("service", ["openai", "openrouter", "compatible"])
async def test_picture_count_next_sends_so_many_pictures(http, upstream, service):
    urls = {
        "openai": f"{upstream.openai_url}/images/generations",
        "openrouter": f"{upstream.openrouter_url}/images",
        "compatible": f"{upstream.compatible_url}/images/generations",
    }
    upstream.picture_count_next(1)
    asked = {
        "model": "openai/gpt-image-2.5-flare" if service == "openrouter" else ASKED["model"],
        "prompt": "x",
    }
    async with http.post(urls[service], json=asked | {"n": 3}) as response:
        assert len((await response.json())["data"]) == 1


async def test_nobody_listens_where_connections_are_refused(http, upstream):
    with upstream.refuse_connections() as url, pytest.raises(aiohttp.ClientConnectorError):
        await status_of(http, url)


async def test_hold_keeps_requests_in_flight_and_counts_the_most(http, upstream, generations):
    with upstream.hold():
        waiting = [asyncio.create_task(status_of(http, generations)) for _ in range(3)]
        await asyncio.to_thread(upstream.wait_until_in_flight, 3)
        assert upstream.paid_calls == 3
    assert await asyncio.gather(*waiting) == [200, 200, 200]
    assert (upstream.in_flight, upstream.max_in_flight) == (0, 3)


async def test_a_request_is_recorded_whole(http, upstream, generations):
    await status_of(http, generations, params={"a": "1"}, headers={"X-Title": "Negareh"})
    (recorded,) = upstream.requests
    assert (recorded.method, recorded.path) == ("POST", "/openai/v1/images/generations")
    assert (recorded.query["a"], recorded.headers["x-TITLE"]) == ("1", "Negareh")
    assert (recorded.bearer, recorded.json) == ("sk-test-good", ASKED)
    assert b"A red bicycle" in recorded.body


async def test_only_posts_to_generation_paths_are_paid(http, upstream, generations):
    async with http.get(f"{upstream.openai_url}/models"), http.get(generations):
        pass
    assert upstream.paid_calls == 0
    await status_of(http, generations)
    assert upstream.paid_calls == 1


async def test_reset_returns_everything_to_normal(http, upstream, generations):
    async with http.post(f"{upstream.compatible_url}/images/generations", json=ASKED) as response:
        url = (await response.json())["data"][0]["url"]
    upstream.play("openai/slow_down")
    upstream.latency_s = 60
    upstream.good_keys.clear()
    upstream.reset()
    assert await status_of(http, generations) == 200
    assert upstream.paid_calls == 1
    async with http.get(url) as response:
        assert response.status == 404


def test_a_header_can_declare_any_size():
    picture = png_with_header(60_000, 60_000)
    assert len(picture) < 200
    assert picture[16:24] == (60_000).to_bytes(4, "big") * 2


def test_a_large_png_is_valid_and_about_as_large_as_said():
    picture = large_png(2)
    assert 1_900_000 < len(picture) < 2_100_000
    Image.open(io.BytesIO(picture)).load()
