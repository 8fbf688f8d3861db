"""The HTTP server that plays providers: it records, waits, asks a service for the answer, sends it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType

from aiohttp import web

from tests.upstream import (
    anthropic_service,
    compatible_service,
    deepseek_service,
    gemini_service,
    groq_service,
    huggingface_service,
    openai_service,
    openrouter_service,
)
from tests.upstream.exchange import Exchange
from tests.upstream.pictures import Sketch
from tests.upstream.recording import RecordedRequest
from tests.upstream.switches import Switches
from tests.upstream.wire import Answer, Refusal

GOOD_KEY = "sk-test-good"
SERVICES = {
    "/openai/": openai_service.answer,
    "/openrouter/": openrouter_service.answer,
    "/compatible/": compatible_service.answer,
    "/gemini/": gemini_service.answer,
    "/anthropic/": anthropic_service.answer,
    "/deepseek/": deepseek_service.answer,
    "/groq/": groq_service.answer,
    "/huggingface/": huggingface_service.answer,
}


class Upstream(Switches):
    """Image providers at `{url}/openai/v1`, `{url}/openrouter/api/v1` and `{url}/compatible/v1`.

    Use as a context manager. It runs in a thread and event loop of its own; the attributes may be
    set from the test's thread.
    """

    requests: list[RecordedRequest]
    url: str
    good_keys: set[str]
    latency_s: float
    max_in_flight: int
    _loop: asyncio.AbstractEventLoop
    _stopped: asyncio.Event
    _thread: threading.Thread

    def __init__(self) -> None:
        super().__init__()
        self._in_flight = 0
        self._gate = threading.Event()
        self.reset()

    def reset(self) -> None:
        """Return to normal behaviour and forget all requests."""
        self.clear_switches()
        self.requests = []
        self.good_keys = {GOOD_KEY}
        self.latency_s = 0.0
        self.max_in_flight = 0
        self._shelf: dict[str, bytes] = {}
        self._gate.set()

    def __enter__(self) -> "Upstream":
        started: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), name="upstream")
        self._thread.start()
        self.url = started.result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=10)

    @property
    def openai_url(self) -> str:
        return f"{self.url}/openai/v1"

    @property
    def openrouter_url(self) -> str:
        return f"{self.url}/openrouter/api/v1"

    @property
    def compatible_url(self) -> str:
        return f"{self.url}/compatible/v1"

    @property
    def anthropic_url(self) -> str:
        return f"{self.url}/anthropic/v1"

    @property
    def deepseek_url(self) -> str:
        return f"{self.url}/deepseek"

    @property
    def groq_url(self) -> str:
        return f"{self.url}/groq/openai/v1"

    @property
    def huggingface_url(self) -> str:
        return f"{self.url}/huggingface"

    @property
    def gemini_url(self) -> str:
        return f"{self.url}/gemini/v1beta"

    @property
    def paid_requests(self) -> list[RecordedRequest]:
        """The POSTs to generation paths, whatever their answer."""
        return [request for request in self.requests if request.is_paid]

    @property
    def paid_calls(self) -> int:
        return len(self.paid_requests)

    @property
    def in_flight(self) -> int:
        """How many requests are being answered now, paid or not."""
        return self._in_flight

    def wait_until_in_flight(self, count: int, *, timeout_s: float = 5.0) -> None:
        """Return once exactly so many requests are being answered; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while self._in_flight != count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._in_flight} requests are in flight, not {count}")
            time.sleep(0.005)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Read and record requests, but answer none before the block ends."""
        self._gate.clear()
        try:
            yield
        finally:
            self._gate.set()

    @contextmanager
    def refuse_connections(self) -> Iterator[str]:
        """Give the URL of a port that is reserved and has nobody listening."""
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            yield f"http://127.0.0.1:{reserved.getsockname()[1]}"

    async def _serve(self, started: "Future[str]") -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=1024**3)
        app.router.add_route("*", "/{path:.*}", self._reply)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            started.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
            await self._stopped.wait()
        finally:
            await runner.cleanup()

    async def _reply(self, http_request: web.Request) -> web.StreamResponse:
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        try:
            request = await RecordedRequest.read(http_request)
            self.requests.append(request)
            switch = self.take_for(request)
            await self._wait(switch.delay_s)
            answer = switch.answer or self._ask_service(request, switch.sketch)
            return await switch.deliver(http_request, answer)
        finally:
            self._in_flight -= 1

    async def _wait(self, delay_s: float) -> None:
        await asyncio.sleep(self.latency_s + delay_s)
        while not self._gate.is_set():
            await asyncio.sleep(0.005)

    def _ask_service(self, request: RecordedRequest, sketch: Sketch) -> Answer:
        for prefix, service in SERVICES.items():
            if request.path.startswith(prefix):
                try:
                    return service(Exchange(request, sketch, self.good_keys, self._shelf))
                except Refusal as refusal:
                    return refusal.answer
        return Answer(404, {"content-type": "text/plain"}, b"404: Not Found")
