"""A load balancer: each TCP connection goes to the next port, or past one that does not take it."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType


class Balancer:
    """In a thread of its own; as a context manager. `url` has no trailing slash, `ports` may be changed at any time."""

    url: str
    _loop: asyncio.AbstractEventLoop
    _stopped: asyncio.Event

    def __init__(self, ports: Sequence[int]):
        self.ports = list(ports)
        self.taken: list[int] = []
        """The port that each connection went to."""
        self._turn = 0
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def __enter__(self) -> "Balancer":
        started: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), name="balancer")
        self._thread.start()
        self.url = started.result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=10)

    async def _serve(self, started: "Future[str]") -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        started.set_result(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await self._stopped.wait()
        server.close()
        for writer in self._open.values():
            writer.transport.abort()
        await asyncio.gather(*self._open)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        try:
            back_reader, back_writer = await self._connect()
            await asyncio.gather(_copy(reader, back_writer), _copy(back_reader, writer))
            await _close(back_writer)
        finally:
            await _close(writer)
            del self._open[task]

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises ConnectionRefusedError if nobody takes it."""
        ports = list(self.ports)
        for _ in ports:
            self._turn += 1
            port = ports[self._turn % len(ports)]
            with suppress(ConnectionRefusedError):
                streams = await asyncio.open_connection("127.0.0.1", port)
                self.taken.append(port)
                return streams
        raise ConnectionRefusedError(f"nobody listens on {ports}")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To the end of what comes; if either side breaks, neither goes on."""
    try:
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
        writer.write_eof()
    except ConnectionError:
        writer.transport.abort()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
