"""A stored picture's bytes over real sockets: only there are async answers streamed."""

import http.client
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from src.accounts.services import create_api_token
from tests.media.assets import make_asset
from tests.upstream.pictures import draw, large_png

CONTENT = draw((640, 480), "png")
SIZE = len(CONTENT)


@pytest.fixture
def token(transactional_db, ai_manager):
    return create_api_token(user=ai_manager, name="test", scopes=["media:read"])[1]


@pytest.fixture
def asset(ai_manager):
    return make_asset(ai_manager, CONTENT)


@pytest.fixture
def ask(server, asset, token):
    """`ask(Range="bytes=0-3")` gives the answer and its body; `ask("HEAD")` the headers."""

    def call(method="GET", **headers):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        sent = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        connection.request(method, f"/api/media/{asset.pk}/original/", headers=sent)
        with connection.getresponse() as response:
            body = response.read()
        connection.close()
        return response, body

    return call


@pytest.fixture
def open_originals(settings):
    """Which files of the media folder this process has open."""

    def find() -> list[Path]:
        targets = []
        for link in Path("/proc/self/fd").iterdir():
            try:
                targets.append(link.readlink())
            except FileNotFoundError:
                continue
        return [target for target in targets if target.is_relative_to(settings.MEDIA_ROOT)]

    return find


def test_it_sends_the_whole_file_with_safe_headers(ask, asset):
    response, body = ask()

    assert (response.status, body) == (200, CONTENT)
    expected = {
        "Content-Type": "image/png",
        "Content-Length": str(SIZE),
        "ETag": f'"{asset.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0, must-revalidate",
        "Content-Disposition": f'inline; filename="{asset.pk}.png"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: response.headers[name] for name in expected} == expected


def test_it_sends_parts_headers_and_confirmations(ask, asset):
    for method, headers, status, expected in (
        ("GET", {"Range": "bytes=100-199"}, 206, CONTENT[100:200]),
        ("GET", {"Range": "bytes=-10"}, 206, CONTENT[-10:]),
        ("GET", {"Range": "bytes=10-", "If_Range": f'"{asset.sha256}"'}, 206, CONTENT[10:]),
        ("GET", {"Range": "bytes=10-", "If_Range": '"other"'}, 200, CONTENT),
        ("GET", {"Range": f"bytes={SIZE}-"}, 416, b""),
        ("GET", {"If_None_Match": f'"{asset.sha256}"'}, 304, b""),
        ("HEAD", {}, 200, b""),
    ):
        response, body = ask(method, **headers)
        assert (response.status, body) == (status, expected)
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_client_that_takes_only_pictures_gets_one(ask):
    for accepted in ("image/png", "image/*", "image/avif,image/webp"):
        response, body = ask(Accept=accepted)
        assert (response.status, body) == (200, CONTENT)


def test_no_answer_leaves_the_file_open(ask, open_originals):
    for method, headers in (
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Range": "bytes=0-3"}),
        ("GET", {"Range": f"bytes={SIZE}-"}),
        ("GET", {"If_None_Match": "*"}),
    ):
        ask(method, **headers)

    assert open_originals() == []


def test_a_client_that_hangs_up_midway_leaves_no_open_file(server, ai_manager, token, open_originals):
    asset = make_asset(ai_manager, large_png(12))
    address = urlsplit(server.url)
    for _ in range(3):
        with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
            lines = f"GET /api/media/{asset.pk}/original/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}"
            connection.sendall(f"{lines}\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")

    deadline = time.monotonic() + 5
    while open_originals() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert open_originals() == []


def test_a_file_lost_from_the_storage_is_a_404_that_says_so(server, ask, asset, settings):
    (settings.MEDIA_ROOT / asset.file_name).unlink()

    response, body = ask()

    assert response.status == 404
    assert b"original_missing" in body
