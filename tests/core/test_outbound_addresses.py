"""What `send` refuses to call. The listener counts connections, so that a failed TLS handshake is not taken for a
refusal."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from src.core.outbound import ForbiddenAddress, GuardedResolver, Limits, NotSent, PrivateAddress, check_url, send

QUICK = Limits(connect_s=2, read_gap_s=2, total_s=4)


class StubResolver(AbstractResolver):
    """Every name has these addresses."""

    def __init__(self, *addresses: str):
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


@dataclass
class Listener:
    port: int
    connections: int = 0


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Accepts on 127.0.0.1, counts, hangs up."""

    def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        writer.close()

    async with await asyncio.start_server(count, "127.0.0.1", 0) as server:
        seen = Listener(server.sockets[0].getsockname()[1])
        yield seen


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%eth0"],
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["2606:4700:4700::1111", "fc00::1"],
        ["not an address"],
    ],
)
async def test_a_name_with_one_forbidden_address_is_refused(addresses):
    with pytest.raises(ForbiddenAddress):
        await GuardedResolver(None, StubResolver(*addresses)).resolve("service.example", 443)


async def test_a_name_with_public_addresses_is_handed_on():
    found = await GuardedResolver(None, StubResolver("8.8.8.8", "2606:4700:4700::1111")).resolve("service.example", 443)

    assert [result["host"] for result in found] == ["8.8.8.8", "2606:4700:4700::1111"]


@pytest.mark.parametrize(("host", "port"), [("service.example", 8443), ("other.example", 443)])
async def test_an_allowance_is_for_that_host_and_port_only(host, port):
    resolver = GuardedResolver(PrivateAddress("service.example", 443), StubResolver("10.0.0.1"))

    assert await resolver.resolve("service.example", 443)
    with pytest.raises(ForbiddenAddress):
        await resolver.resolve(host, port)


async def test_the_client_opens_no_socket_to_a_refused_name(listener):
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(None, StubResolver("127.0.0.1")))

    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"https://service.example:{listener.port}/")

    assert listener.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "localhost",
        "LOCALHOST",
        "１２７.０.０.１",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ],
)
async def test_no_spelling_of_loopback_is_called(listener, host):
    with pytest.raises(NotSent):
        await send("GET", f"https://{host}:{listener.port}/", limits=QUICK)

    assert listener.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[64:ff9b::a00:1]/",
        "https://192.168.1.1:443/",
        "https://１０.0.0.1/",
    ],
)
def test_a_forbidden_literal_is_refused(url):
    with pytest.raises(NotSent) as caught:
        check_url(url, None)

    assert caught.value.reason == "forbidden_address"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example/v1",
        "ftp://api.example/",
        "file:///etc/passwd",
        "https:///v1",
        "https://user:pass@api.example/",
        "https://user@api.example/",
        "https://:pass@api.example/",
        "https://api.example:99999/",
        "https://api.example:port/",
        "https://[::1/",
        "https://" + "a" * 300 + ".example/",
    ],
)
def test_a_url_that_names_no_plain_service_is_malformed(url):
    with pytest.raises(NotSent) as caught:
        check_url(url, None)

    assert caught.value.reason == "malformed_url"


def test_plain_http_is_refused():
    with pytest.raises(NotSent, match="plain_http"):
        check_url("http://8.8.8.8/", None)


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://8.8.8.8:8443/", "https://[2606:4700::1]/"])
def test_public_https_is_allowed(url):
    check_url(url, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/v1",
        "https://127.0.0.1:8080/v1",
        "http://192.168.1.5:11434",
        "http://[fd00::5]:8080/v1",
        "http://[FD00:0:0::5]:8080/v1",
        "http://GPU.lan:8080/v1",
        "http://رایانه.lan:8080/v1",
        "http://gpu.lan/v1",
    ],
)
def test_exactly_the_allowed_host_and_port_may_be_private_and_plain(url):
    parts = urlsplit(url)
    port = parts.port or 80

    check_url(url, PrivateAddress(parts.hostname, port))
    for other in (PrivateAddress(parts.hostname, port + 1), PrivateAddress("127.0.0.2", port)):
        with pytest.raises(NotSent):
            check_url(url, other)


@pytest.mark.parametrize("host", ["", "a b", "[", "user@127.0.0.1"])
def test_an_allowance_for_no_host_allows_nothing(host):
    with pytest.raises(NotSent):
        check_url("http://127.0.0.1:8080/", PrivateAddress(host, 8080))


def test_an_allowance_is_none_for_credentials_in_the_url():
    with pytest.raises(NotSent, match="malformed_url"):
        check_url("http://user:pass@127.0.0.1:8080/", PrivateAddress("127.0.0.1", 8080))


async def test_the_environments_proxies_are_not_used(upstream, listener, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    parts = urlsplit(upstream.url)

    answer = await send("GET", f"{upstream.url}/", limits=QUICK, allowed=PrivateAddress(parts.hostname, parts.port))

    assert answer.status == 404
    assert (listener.connections, len(upstream.requests)) == (0, 1)
