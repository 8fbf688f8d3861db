"""Where the bytes really go: the connection is opened to exactly the address that was checked, and asks there, in
its TLS greeting, for the host by name."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import connector
from aiohttp.abc import AbstractResolver, ResolveResult

from src.core.outbound import Limits, NotSent, PrivateAddress, send

QUICK = Limits(connect_s=2, read_gap_s=2, total_s=4)
PUBLIC = "93.184.215.14"


@dataclass
class Wire:
    """The names asked for, the addresses that a connection was opened to, and the first bytes sent there."""

    port: int = 0
    names: list[str] = field(default_factory=list)
    addresses: list[tuple[str, int]] = field(default_factory=list)
    greetings: list[bytes] = field(default_factory=list)


@pytest.fixture
async def wire(monkeypatch) -> AsyncIterator[Wire]:
    """Every name resolves to a public address, then to a private one; every connection ends on a listener here that
    reads one greeting and hangs up."""
    seen = Wire()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.greetings.append(await reader.read(4096))
        writer.close()

    class Rebinding(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
            seen.names.append(host)
            address = PUBLIC if len(seen.names) == 1 else "127.0.0.1"
            found = ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            return [found]

        async def close(self) -> None:
            pass

    async def start_connection(addr_infos, **_options) -> socket.socket:
        seen.addresses += [info[4] for info in addr_infos]
        opened = socket.socket()
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", seen.port))
        return opened

    monkeypatch.setattr(aiohttp, "ThreadedResolver", Rebinding)
    monkeypatch.setattr(connector.aiohappyeyeballs, "start_connection", start_connection)
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        seen.port = server.sockets[0].getsockname()[1]
        yield seen


async def post(url: str) -> None:
    with pytest.raises(NotSent):
        await send("POST", url, headers={"Authorization": "Bearer canary-key"}, body=b"{}", limits=QUICK)


async def test_the_connection_goes_to_the_checked_address_and_asks_for_the_name(wire):
    await post("https://service.example:8443/v1/images")

    assert wire.addresses == [(PUBLIC, 8443)]
    [greeting] = wire.greetings
    assert greeting[:1] == b"\x16"
    assert b"service.example" in greeting


async def test_a_name_is_resolved_once_per_call(wire):
    await post("https://service.example/v1/images")

    assert wire.names == ["service.example"]


async def test_a_name_that_turns_private_is_refused_by_the_next_call(wire):
    await post("https://service.example/v1/images")
    await post("https://service.example/v1/images")

    assert wire.names == ["service.example"] * 2
    assert wire.addresses == [(PUBLIC, 443)]
    assert len(wire.greetings) == 1


async def test_nothing_is_said_before_the_other_side_has_shown_its_certificate(wire):
    await post("https://service.example/v1/images?token=canary-key")

    assert b"canary-key" not in wire.greetings[0]
    assert b"/v1/images" not in wire.greetings[0]


async def test_an_address_by_number_is_called_as_it_is(wire):
    await post(f"https://{PUBLIC}/v1/images")

    assert (wire.names, wire.addresses) == ([], [(PUBLIC, 443)])


async def test_a_connection_that_is_never_accepted_was_not_sent():
    """A listener whose queue is full lets a connection wait, as a firewall that drops does."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)

            with pytest.raises(NotSent):
                await send(
                    "POST",
                    f"http://127.0.0.1:{address[1]}/",
                    limits=Limits(connect_s=0.3, read_gap_s=5, total_s=5),
                    allowed=PrivateAddress(*address),
                )
        finally:
            for each in waiting:
                each.close()
