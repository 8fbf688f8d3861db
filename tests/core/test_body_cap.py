"""Over real sockets: what an ASGI test client cannot show is whether the answer reaches a client that still sends."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from src.core.body_cap import BodyCap, language_of

URL = "/api/ai/admin/images/generate/"
CAP = settings.BODY_CAP_BYTES
PATIENCE_S = 5


@dataclass
class Received:
    status: int
    headers: Any
    body: Any


def talk(server, *parts: bytes) -> Received:
    """Send the parts as they are, then read one answer; raises TimeoutError where none comes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S) as connection:
        for part in parts:
            connection.sendall(part)
        response = http.client.HTTPResponse(connection)
        response.begin()
        received = Received(response.status, response.headers, json.loads(response.read()))
        response.close()
    return received


def head(*lines: str) -> bytes:
    first = [f"POST {URL} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    return "\r\n".join([*first, *lines, "", ""]).encode()


def chunked(size: int, *, step: int = 64 * 1024):
    while size > 0:
        length = min(step, size)
        yield f"{length:x}\r\n".encode() + b" " * length + b"\r\n"
        size -= length
    yield b"0\r\n\r\n"


def test_a_body_declared_too_large_is_refused_before_it_is_sent(server):
    answer = talk(server, head(f"Content-Length: {CAP + 1}"))

    assert answer.status == 413
    assert answer.body["code"] == "body_too_large"
    assert answer.body["message"] == f"بدنهٔ درخواست از سقف {CAP} بایت بزرگ‌تر است."


def test_the_refusal_is_in_english_where_that_is_asked(server):
    answer = talk(server, head(f"Content-Length: {CAP + 1}", "Accept-Language: en-GB,en;q=0.9"))

    assert answer.body["message"] == f"The body is larger than the {CAP} bytes accepted here."


def test_the_refusal_is_a_whole_envelope_with_the_callers_request_id(server):
    answer = talk(server, head(f"Content-Length: {CAP + 1}", "X-Request-ID: caller-0123"))

    assert answer.body.keys() == {"success", "code", "message", "errors", "request_id"}
    assert answer.body["success"] is False
    assert answer.body["request_id"] == answer.headers["X-Request-ID"] == "caller-0123"
    assert answer.headers["Content-Type"] == "application/json"


def test_a_client_that_waits_for_100_continue_never_sends(server):
    answer = talk(server, head(f"Content-Length: {CAP * 100}", "Expect: 100-continue"))

    assert answer.status == 413


@pytest.mark.parametrize("times", [2, 20])
def test_a_client_that_sends_it_all_still_reads_the_refusal(server, times):
    body = b" " * (CAP * times)

    answer = talk(server, head(f"Content-Length: {len(body)}"), body)

    assert answer.status == 413


@pytest.mark.parametrize("times", [2, 20])
def test_a_chunked_body_is_counted_as_it_comes(server, times):
    answer = talk(server, head("Transfer-Encoding: chunked"), *chunked(CAP * times))

    assert (answer.status, answer.body["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("size", [2, CAP])
def test_a_body_within_the_cap_passes(server, size):
    body = b"{}".ljust(size)

    assert talk(server, head(f"Content-Length: {size}"), body).status == 401
    assert talk(server, head("Transfer-Encoding: chunked"), *chunked(size)).status == 401


def test_one_byte_more_than_the_cap_does_not_pass(server):
    assert talk(server, head("Transfer-Encoding: chunked"), *chunked(CAP + 1)).status == 413


def test_the_server_goes_on_serving(server):
    talk(server, head(f"Content-Length: {CAP + 1}"))

    assert talk(server, head("Content-Length: 2"), b"{}").status == 401


def test_the_longest_prefix_decides_the_cap():
    cap = BodyCap(None, default_bytes=1, caps={"/api/": 2, "/api/media/": 3})

    assert [cap.cap_for(path) for path in ("/", "/api/x", "/api/media/y", "/apix")] == [1, 2, 3, 1]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "fa"),
        ("en", "en"),
        ("EN-us", "en"),
        ("de,en;q=0.5,fa;q=0.9", "fa"),
        ("de", "fa"),
        ("*", "fa"),
        ("x" * 10_000, "fa"),
        ("en;q=broken", "fa"),
        (";;,,", "fa"),
    ],
)
def test_the_language_is_the_first_supported_one_asked_for(header, language):
    assert language_of(header) == language
