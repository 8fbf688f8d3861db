"""What `send` puts on the wire as a body, and how it hands an answer on piece by piece."""

import asyncio
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from src.core.outbound import AnswerTooLarge, FormPart, Interrupted, Limits, PrivateAddress, send
from tests.upstream import delivery, pictures

MEGABYTE = 1024 * 1024
PATH = "/openai/v1/images/edits"
PIECES = (b"first", b"second", b"third")


@pytest.fixture
def post(upstream):
    async def call(body=b"", *, answer_bytes=MEGABYTE, **options):
        parts = urlsplit(upstream.url)
        limits = Limits(connect_s=5.0, read_gap_s=5.0, total_s=10.0, answer_bytes=answer_bytes)
        allowed = PrivateAddress(parts.hostname, parts.port)
        return await send("POST", f"{upstream.url}{PATH}", body=body, limits=limits, allowed=allowed, **options)

    return call


async def in_pieces(request: web.Request, answer: object) -> web.StreamResponse:
    """Each piece when the one before it has surely been read."""
    response = web.StreamResponse(status=answer.status)
    await response.prepare(request)
    for piece in PIECES:
        await response.write(piece)
        await asyncio.sleep(0.05)
    return response


class Watcher(list[bytes]):
    """An `on_chunk` that remembers, and has enough after so many pieces."""

    def __init__(self, enough: int = 1000):
        self._enough = enough

    async def __call__(self, chunk: bytes) -> bool:
        self.append(chunk)
        return len(self) >= self._enough


async def test_a_form_goes_out_part_by_part_with_each_ones_name_and_type(post, upstream):
    picture = pictures.draw((8, 8), "png")
    await post(
        (
            FormPart("prompt", "گربه‌ای در برف"),
            FormPart("n", "2"),
            FormPart("image[]", picture, filename="1.png", content_type="image/png"),
            FormPart("image[]", b"\x00\r\n--\xff", filename="2.webp", content_type="image/webp"),
        )
    )

    [request] = upstream.requests
    assert [(part.name, part.filename, part.body) for part in request.form] == [
        ("prompt", None, "گربه‌ای در برف".encode()),
        ("n", None, b"2"),
        ("image[]", "1.png", picture),
        ("image[]", "2.webp", b"\x00\r\n--\xff"),
    ]
    assert [part.content_type for part in request.form if part.filename] == ["image/png", "image/webp"]


@pytest.mark.parametrize("name", ['a"b.png', 'a"; name="n".png', "تصویر.png"])
async def test_a_files_name_cannot_break_out_of_its_part(post, upstream, name):
    await post((FormPart("image", b"x", filename=name, content_type="image/png"), FormPart("n", "1")))

    [request] = upstream.requests
    assert [part.name for part in request.form] == ["image", "n"]


async def test_a_files_name_of_two_lines_is_not_sent(post, upstream):
    with pytest.raises(ValueError, match="header injection"):
        await post((FormPart("image", b"x", filename="a\r\nX-Evil: 1.png", content_type="image/png"),))

    assert upstream.requests == []


async def test_a_part_does_not_show_its_content():
    assert "secret" not in repr(FormPart("prompt", "secret"))


# Warnings are errors here: aiohttp warns of large bodies that it is given as bytes.
async def test_a_large_body_goes_out_whole_and_without_a_warning(post, upstream):
    await post(b"x" * (2 * MEGABYTE))

    assert upstream.requests[0].body == b"x" * (2 * MEGABYTE)


async def test_a_large_file_in_a_form_goes_out_whole_and_without_a_warning(post, upstream):
    await post((FormPart("image", b"x" * (2 * MEGABYTE), filename="1.png", content_type="image/png"),))

    assert upstream.requests[0].form[0].body == b"x" * (2 * MEGABYTE)


async def test_no_body_is_none(post, upstream):
    await post(None)

    assert upstream.requests[0].body == b""


async def test_each_piece_of_a_success_is_seen_as_it_comes(post, upstream):
    upstream.play_response(deliver=in_pieces, path=PATH)
    watcher = Watcher()

    answer = await post(on_chunk=watcher)

    assert watcher == list(PIECES)
    assert answer.body == b"".join(PIECES)


@pytest.mark.parametrize("status", [400, 429, 500, 302])
async def test_an_error_is_read_whole_and_its_pieces_are_not_seen(post, upstream, status):
    upstream.play_response(status=status, deliver=in_pieces, path=PATH)
    watcher = Watcher(enough=1)

    answer = await post(on_chunk=watcher)

    assert (watcher, answer.status, answer.body) == ([], status, b"".join(PIECES))


@pytest.mark.parametrize("status", [400, 401, 429, 503])
async def test_of_an_error_no_more_than_a_megabyte_is_read(post, upstream, status):
    upstream.play_response(status=status, body=b"x" * (20 * MEGABYTE), path=PATH)

    answer = await post(answer_bytes=4 * MEGABYTE)

    assert (answer.status, len(answer.body)) == (status, MEGABYTE)


@pytest.mark.parametrize("status", [400, 401, 429, 503])
async def test_an_error_that_breaks_off_is_what_came_of_it(post, upstream, status):
    upstream.play_response(status=status, body=b"x" * 100, deliver=delivery.cut_short(at=50), path=PATH)

    answer = await post()

    assert (answer.status, answer.body) == (status, b"x" * 50)


async def test_a_watcher_is_told_that_it_broke_off(post, upstream):
    upstream.play_response(body=b"x" * 100, deliver=delivery.cut_short(at=50), path=PATH)
    watcher = Watcher(enough=2)

    assert (await post(on_chunk=watcher)).body == b"x" * 50
    assert watcher[-1] == b""


@pytest.mark.parametrize("enough", [1, 2])
async def test_true_ends_the_reading_and_keeps_what_came(post, upstream, enough):
    upstream.play_response(deliver=in_pieces, path=PATH)

    answer = await post(on_chunk=Watcher(enough))

    assert answer.body == b"".join(PIECES[:enough])


async def test_a_connection_lost_after_enough_loses_nothing(post, upstream):
    upstream.play_response(body=b"x" * 100, deliver=delivery.cut_short(at=50), path=PATH)

    assert (await post(on_chunk=Watcher(enough=1))).body == b"x" * 50


async def test_a_connection_lost_before_enough_is_an_interruption(post, upstream):
    upstream.play_response(body=b"x" * 100, deliver=delivery.cut_short(at=50), path=PATH)

    with pytest.raises(Interrupted):
        await post(on_chunk=Watcher())


@pytest.mark.parametrize("declares_length", [True, False])
async def test_the_cap_holds_while_pieces_are_seen(post, upstream, declares_length):
    upstream.oversize_body(mb=3, declares_length=declares_length, path=PATH)
    watcher = Watcher()

    with pytest.raises(AnswerTooLarge):
        await post(on_chunk=watcher)

    # Up to one piece more, which may be the last.
    assert sum(map(len, watcher)) <= MEGABYTE + max(map(len, watcher), default=0)


async def test_what_a_watcher_raises_comes_through(post, upstream):
    upstream.play_response(deliver=in_pieces, path=PATH)

    async def broken_disk(chunk: bytes) -> bool:
        raise RuntimeError("a defect of ours")

    with pytest.raises(RuntimeError, match="a defect of ours"):
        await post(on_chunk=broken_disk)
