import gzip
from urllib.parse import urlsplit

import pytest

from src.core.outbound import (
    AnswerTooLarge,
    Interrupted,
    Limits,
    NotSent,
    OutboundError,
    PrivateAddress,
    TimedOut,
    send,
)

MEGABYTE = 1024 * 1024
PATH = "/openai/v1/images/generations"


@pytest.fixture
def post(upstream):
    """`await post(total_s=…)` sends a generation to the played OpenAI, allowed to be private."""

    async def call(path=PATH, **limits):
        parts = urlsplit(upstream.url)
        return await send(
            "POST",
            f"{upstream.url}{path}",
            headers={"Authorization": "Bearer sk-test-good", "Content-Type": "application/json"},
            body=b'{"model": "gpt-image-2.5-flare", "prompt": "a red bicycle", "size": "1024x1024"}',
            limits=Limits(**{"connect_s": 5.0, "read_gap_s": 5.0, "total_s": 10.0, **limits}),
            allowed=PrivateAddress(parts.hostname, parts.port),
        )

    return call


async def test_an_answer_comes_whole_with_lower_case_headers(post, upstream):
    upstream.play_response(status=418, headers={"X-Odd": "Yes", "Content-Type": "Text/Plain; charset=x"}, body=b"tea")

    answer = await post()

    assert (answer.status, answer.body, answer.headers["x-odd"]) == (418, b"tea", "Yes")
    assert answer.content_type == "text/plain"
    assert "tea" not in repr(answer)


async def test_the_request_goes_out_as_given(post, upstream):
    await post()

    [request] = upstream.requests
    assert (request.method, request.path, request.bearer) == ("POST", PATH, "sk-test-good")
    assert request.json["prompt"] == "a red bicycle"
    assert request.headers["User-Agent"].startswith("Negareh/")


async def test_a_redirect_is_an_answer_and_is_not_followed(post, upstream):
    upstream.redirect_next(to=f"{upstream.url}/elsewhere", status=307)

    answer = await post()

    assert answer.status == 307
    assert [request.path for request in upstream.requests] == [PATH]


async def test_cookies_are_not_kept_for_the_next_call(post, upstream):
    upstream.play_response(headers={"Set-Cookie": "a=b"}, body=b"")

    await post()
    await post()

    assert "Cookie" not in upstream.requests[1].headers


async def test_a_body_is_decompressed(post, upstream):
    upstream.play_response(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"tea" * 1000))

    assert (await post()).body == b"tea" * 1000


async def test_a_compressed_bomb_is_counted_as_it_unpacks(post, upstream):
    bomb = gzip.compress(bytes(30 * MEGABYTE))
    upstream.play_response(headers={"Content-Encoding": "gzip"}, body=bomb)
    assert len(bomb) < 64 * 1024

    with pytest.raises(AnswerTooLarge, match="read"):
        await post(answer_bytes=MEGABYTE)


async def test_a_body_that_declares_too_much_is_not_read(post, upstream):
    upstream.oversize_body(mb=2, declares_length=True)

    with pytest.raises(AnswerTooLarge, match="declared"):
        await post(answer_bytes=MEGABYTE)


async def test_a_body_that_declares_nothing_is_cut_off_at_the_cap(post, upstream):
    upstream.oversize_body(mb=2)

    with pytest.raises(AnswerTooLarge, match="read"):
        await post(answer_bytes=MEGABYTE)


@pytest.mark.parametrize(("cap", "is_kept"), [(1000, True), (999, False)])
async def test_the_cap_itself_still_fits(post, upstream, cap, is_kept):
    upstream.play_response(body=b"x" * 1000)

    if is_kept:
        assert len((await post(answer_bytes=cap)).body) == 1000
    else:
        with pytest.raises(AnswerTooLarge):
            await post(answer_bytes=cap)


async def test_silence_times_out(post, upstream):
    upstream.delay_next(5)

    with pytest.raises(TimedOut):
        await post(read_gap_s=0.1)


async def test_a_trickle_times_out_by_the_total(post, upstream):
    upstream.trickle(bytes_per_s=500)

    with pytest.raises(TimedOut):
        await post(read_gap_s=5, total_s=0.3)


async def test_a_connection_dropped_after_the_request_is_an_interruption(post, upstream):
    upstream.drop_after_accept()

    with pytest.raises(Interrupted):
        await post()


async def test_a_body_cut_short_is_an_interruption(post, upstream):
    upstream.truncate_body(at=50)

    with pytest.raises(Interrupted):
        await post()


async def test_a_body_that_does_not_decompress_is_an_interruption(post, upstream):
    upstream.play_response(headers={"Content-Encoding": "gzip"}, body=b"not gzip at all")

    with pytest.raises(Interrupted):
        await post()


async def test_a_refused_connection_was_not_sent(upstream):
    with upstream.refuse_connections() as url, pytest.raises(NotSent):
        parts = urlsplit(url)
        await send("POST", f"{url}{PATH}", allowed=PrivateAddress(parts.hostname, parts.port))


async def test_a_failed_tls_handshake_was_not_sent(upstream):
    parts = urlsplit(upstream.url)

    with pytest.raises(NotSent):
        await send("POST", f"https://{parts.netloc}{PATH}", allowed=PrivateAddress(parts.hostname, parts.port))
    assert upstream.requests == []


async def test_an_error_names_its_kind_and_not_the_url(upstream):
    with upstream.refuse_connections() as url, pytest.raises(OutboundError) as caught:
        parts = urlsplit(url)
        await send("GET", f"{url}/secret-path", allowed=PrivateAddress(parts.hostname, parts.port))

    assert "secret-path" not in str(caught.value) + caught.value.reason
