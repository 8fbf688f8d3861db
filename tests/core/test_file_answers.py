import io

import pytest
from django.test import RequestFactory

from src.core.file_answers import answer_with_file

CONTENT = bytes(range(256)) * 4096
SIZE = len(CONTENT)


@pytest.fixture
def ask():
    """`await ask(Range="bytes=0-3")` gives the answer, its body and the file that it was made from."""

    async def call(method="GET", **headers):
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        file = io.BytesIO(CONTENT)
        response = answer_with_file(
            RequestFactory().generic(method, "/", headers=sent),
            file,
            size_bytes=SIZE,
            mime_type="image/png",
            etag="abc",
            filename="a.png",
        )
        body = b"".join([part async for part in response]) if response.streaming else response.content
        response.close()
        return response, body, file

    return call


async def test_the_whole_file_comes_with_headers_that_let_nothing_run(ask):
    response, body, _file = await ask()

    assert (response.status_code, body) == (200, CONTENT)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-300000", 100, 300_000),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-100", SIZE - 100, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        (f"bytes=10-{SIZE * 2}", 10, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        ("bytes=10-" + "9" * 18, 10, SIZE - 1),
    ],
)
async def test_a_range_is_answered_with_just_that_part(ask, asked, first, last):
    response, body, _file = await ask(Range=asked)

    assert response.status_code == 206
    assert body == CONTENT[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=-",
        "bytes=5-4",
        "bytes=0-1,5-6",
        "bytes=0-1\n",
        "bytes=٠-١",
        "pixels=0-1",
        "bytes=a-b",
        "bytes=0-" + "9" * 5000,
        "bytes=-" + "9" * 5000,
    ],
)
async def test_a_range_that_is_none_is_ignored(ask, asked):
    response, body, _file = await ask(Range=asked)

    assert (response.status_code, body) == (200, CONTENT)
    assert "Content-Range" not in response


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE * 2}-{SIZE * 3}", "bytes=-0"])
async def test_a_range_outside_the_file_is_416(ask, asked):
    response, body, _file = await ask(Range=asked)

    assert (response.status_code, body) == (416, b"")
    assert response["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("known", ['"abc"', 'W/"abc"', '"other", "abc"', '"other",W/"abc"', "*"])
async def test_a_known_etag_is_304_without_a_body_or_a_type(ask, known):
    response, body, _file = await ask(If_None_Match=known)

    assert (response.status_code, body) == (304, b"")
    assert response["ETag"] == '"abc"'
    assert "Content-Type" not in response


async def test_a_known_etag_comes_before_a_range(ask):
    response, _body, _file = await ask(If_None_Match='"abc"', Range="bytes=0-3")

    assert response.status_code == 304


@pytest.mark.parametrize("other", ['"other"', "abc", '"ab"', ""])
async def test_another_etag_sends_the_file(ask, other):
    response, body, _file = await ask(If_None_Match=other)

    assert (response.status_code, body) == (200, CONTENT)


async def test_a_range_is_kept_to_for_the_same_version(ask):
    response, body, _file = await ask(Range="bytes=0-3", If_Range='"abc"')

    assert (response.status_code, body) == (206, CONTENT[:4])


@pytest.mark.parametrize("other", ['"other"', 'W/"abc"', "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_range_of_another_version_is_answered_whole(ask, other):
    response, body, _file = await ask(Range="bytes=0-3", If_Range=other)

    assert (response.status_code, body) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["", "bytes=0-3", f"bytes={SIZE}-"])
async def test_head_is_about_the_whole_file_whatever_range_is_asked(ask, asked):
    response, body, _file = await ask("HEAD", Range=asked)

    assert (response.status_code, body) == (200, b"")
    assert (response["Content-Length"], response["Content-Type"]) == (str(SIZE), "image/png")
    assert "Content-Range" not in response


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Range": "bytes=0-3"}),
        ("GET", {"Range": f"bytes={SIZE}-"}),
        ("GET", {"If_None_Match": "*"}),
    ],
)
async def test_every_answer_closes_the_file(ask, method, headers):
    _response, _body, file = await ask(method, **headers)

    assert file.closed
