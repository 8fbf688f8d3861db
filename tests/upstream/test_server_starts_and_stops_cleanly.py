"""The server's life: where it listens, and what it leaves behind."""

import http.client
import socket
import threading

import pytest

from tests.upstream import Upstream


def get(url: str, path: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", path, headers={"Authorization": "Bearer sk-test-good"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_listens_on_loopback_only():
    with Upstream() as upstream:
        assert get(upstream.url, "/openai/v1/models") == 200
        with pytest.raises(ConnectionRefusedError):
            get(upstream.url.replace("127.0.0.1", "127.0.0.2"), "/openai/v1/models")


def test_two_servers_run_side_by_side_and_share_nothing():
    with Upstream() as first, Upstream() as second:
        get(first.url, "/openai/v1/models")
        assert (len(first.requests), len(second.requests)) == (1, 0)


def test_it_leaves_no_thread_and_no_listening_socket():
    before = threading.active_count()
    with Upstream() as upstream:
        get(upstream.url, "/openai/v1/models")
    port = int(upstream.url.rpartition(":")[2])
    assert threading.active_count() == before
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_it_stops_while_a_request_waits():
    with Upstream() as upstream:
        upstream.latency_s = 60
        connection = http.client.HTTPConnection(upstream.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/openai/v1/models")
        upstream.wait_until_in_flight(1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        connection.getresponse()
    connection.close()


def test_an_unknown_path_is_not_found():
    with Upstream() as upstream:
        assert [get(upstream.url, path) for path in ("/", "/openai/v1/nothing", "/openai/files/9.png")] == [404] * 3


def test_the_guard_stops_a_socket_that_leaves_loopback():
    with socket.socket() as outward, pytest.raises(AssertionError, match="left loopback"):
        outward.connect(("192.0.2.1", 80))
