"""The server for its own tests, and the guard that keeps every socket on loopback."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.upstream import Upstream


@pytest.fixture(scope="session")
def running_upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(running_upstream: Upstream) -> Iterator[Upstream]:
    """The one running server, normal again before each test; a switch left unused fails the test."""
    running_upstream.reset()
    yield running_upstream
    assert running_upstream.unused_switches == 0


@pytest.fixture(autouse=True)
def sockets_stay_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        is_internet = self.family in (socket.AF_INET, socket.AF_INET6)
        if is_internet and not ip_address(address[0]).is_loopback:
            raise AssertionError(f"a socket left loopback for {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
