"""Somebody's server that is told: it records, checks signatures by the specification's words, answers as told."""

import asyncio
import base64
import hashlib
import hmac
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType

from aiohttp import web


@dataclass(frozen=True)
class Told:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def is_signed_with(self, secret: str) -> bool:
        """Source: the specification's "Signature scheme" and "Webhook headers", version 1.0.0."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(secret.split("_", 1)[1])
        mac = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return self.headers["webhook-signature"].split(" ") == [f"v1,{mac}"]


@dataclass(frozen=True)
class Reply:
    """`silent_s`: before the answer. `stall_s`: after its head. `hangs_up`: no answer at all."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    silent_s: float = 0.0
    stall_s: float = 0.0
    hangs_up: bool = False


class Receiver:
    """Use as a context manager; runs in a thread of its own. Each request takes the next of `replies`, else 200."""

    url: str

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.replies: deque[Reply] = deque()

    def __enter__(self) -> "Receiver":
        started: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), name="receiver")
        self._thread.start()
        self.url = started.result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=10)

    @property
    def ids(self) -> list[str]:
        return [told.headers["webhook-id"] for told in self.told]

    async def _serve(self, started: "Future[str]") -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._reply)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            started.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
            await self._stopped.wait()
        finally:
            await runner.cleanup()

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.told.append(Told(request.path, headers, await request.read()))
        reply = self.replies.popleft() if self.replies else Reply()
        await asyncio.sleep(reply.silent_s)
        if reply.hangs_up:
            request.transport.close()
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        await response.prepare(request)
        await asyncio.sleep(reply.stall_s)
        await response.write(reply.body)
        return response
