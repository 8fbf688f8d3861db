"""The frame of every adapter: all traffic goes through `call` and `paid_call`, which keep the promises of a paid
request (announced before its socket opens, handed on before it is parsed) and class every failure."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import msgspec
import structlog

from src.ai.providers.answers import answer_of, clean_prompt, upstream_request_id
from src.ai.providers.call_parts import (
    PAID_ANSWER_BYTES,
    Request,
    announce,
    pay_in_parts,
    pictures_per_answer,
    report_failure,
    split_request,
)
from src.ai.providers.contract import (
    CallResult,
    GeneratedImage,
    ImageEditRequest,
    ImageLink,
    ImageRequest,
    ImageResult,
    KeyCheck,
    ListedModel,
    OnEvent,
    ProviderConnection,
    ReadAnswer,
    Received,
)
from src.ai.providers.errors import (
    BrokenAnswer,
    NoImageReturned,
    ProviderError,
    ProviderTimeout,
    Rejected,
    Unreachable,
)
from src.ai.providers.linked_pictures import PERMANENT_REASONS, fetch_all
from src.ai.providers.sse import EventStream
from src.core import outbound
from src.core.outbound import Answer, Form, Limits, OnChunk, PrivateAddress

CHECK_LIMITS = Limits(connect_s=5, read_gap_s=10, total_s=15, answer_bytes=8 * 1024 * 1024)
MAX_SURPLUS = 10
"""How many pictures beyond those asked for are kept."""
CONNECT_S = 10.0
LARGE_ANSWER_BYTES = 4 * 1024 * 1024


NeedsKey = Literal["always", "never", "by_row"]
CostSource = Literal["cost", "tokens", ""]
OnDocument = Callable[[dict[str, Any]], Awaitable[bool]]
log = structlog.get_logger("negareh.providers")


class Adapter(ABC):
    """How one service is spoken to.

    `needs_key`: always, never, or `by_row` (the row's config decides). `cost_source`: what the service tells of a
    picture's cost: `cost` (an amount), `tokens`, or `` (nothing; the price table decides). `key_check` names the
    call behind `check_key`. `listed_capabilities`: what the models of `list_models` can do (None: anything).
    `reference_bytes`: the most that one request's reference pictures may have together. `parameters`: the names of
    ImageParams, besides prompt and n, that the service can be told.
    """

    slug: str
    label: str
    base_url: str = ""
    makes_images: bool = True
    edits_images: bool = False
    takes_mask: bool = False
    max_references: int = 0
    reference_bytes: int = 50 * 1024 * 1024
    streams_previews: bool = False
    resumes_calls: bool = False
    one_picture_per_call: bool = False
    is_trained_model: bool = True
    needs_key: NeedsKey = "always"
    parameters: frozenset[str] = frozenset()
    max_seed: int = 2**32 - 1
    cost_source: CostSource = ""
    key_check: str = ""
    listed_capabilities: frozenset[str] | None = None

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        """Pictures for one request. Raises ProviderError, NoImageReturned for an answer without any; what went wrong
        with one of several calls stays in its CallResult."""
        raise Rejected(reason="no_images")

    async def edit(self, conn: ProviderConnection, request: ImageEditRequest, *, on_event: OnEvent) -> ImageResult:
        """Pictures made from the request's references. Raises as `generate`."""
        raise Rejected(reason="no_edits")

    async def resume(
        self, conn: ProviderConnection, request: ImageRequest, *, handle: str, call_index: int, on_event: OnEvent
    ) -> CallResult:
        """Ask again for a paid call that was left unfinished after its ResumeHandle. Raises ProviderError."""
        raise Rejected(reason="no_resuming")

    @abstractmethod
    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        """Ask the service whether it takes the key, without cost. Does not raise ProviderError."""

    @abstractmethod
    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        """The service's own list, all pages of it. Raises ProviderError."""

    async def find_vanished(self, conn: ProviderConnection, unlisted: Collection[str]) -> frozenset[str]:
        """Which of our models that `list_models` did not name are gone from the service. Raises ProviderError."""
        return frozenset(unlisted)

    def auth_headers(self, conn: ProviderConnection) -> dict[str, str]:
        return {"Authorization": f"Bearer {conn.key.reveal()}"} if conn.key else {}

    @abstractmethod
    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        """The error that an answer outside 2xx means; the HTTP status decides first, free text never."""

    async def call(
        self,
        conn: ProviderConnection,
        method: str,
        path: str,
        *,
        base_url: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request that costs nothing. Raises ProviderError for no answer or one outside 2xx.

        `base_url`: of another host of the same service; the key goes there, so it must stand in the adapter's code.
        """
        answer = await self._send(
            conn, method, path, base_url=base_url, headers=headers, limits=CHECK_LIMITS, is_paid=False
        )
        if not 200 <= answer.status < 300:
            raise self.class_error(answer, conn)
        return answer

    async def paid_call(
        self,
        conn: ProviderConnection,
        path: str,
        payload: Mapping[str, Any] | Form,
        *,
        on_event: OnEvent,
        call_index: int = 0,
        headers: Mapping[str, str] | None = None,
        on_chunk: OnChunk | None = None,
        context: str = "",
    ) -> Received:
        """One paid POST of JSON or of a form, whose answer is handed on before it is read. Raises ProviderError with
        `charged` told honestly."""
        answer = await self.submit(
            conn, path, payload, on_event=on_event, call_index=call_index, headers=headers, on_chunk=on_chunk
        )
        return await self.hand_on(conn, answer, on_event=on_event, call_index=call_index, context=context)

    async def submit(
        self,
        conn: ProviderConnection,
        path: str,
        payload: Mapping[str, Any] | Form,
        *,
        on_event: OnEvent,
        call_index: int = 0,
        headers: Mapping[str, str] | None = None,
        on_chunk: OnChunk | None = None,
    ) -> Answer:
        """`paid_call` for an answer that may only name a job; whichever answer holds the pictures goes to `hand_on`."""
        await announce(on_event, call_index)
        limits = Limits(
            connect_s=min(CONNECT_S, conn.timeout_s / 2),
            total_s=conn.timeout_s,
            read_gap_s=conn.timeout_s,
            # A stream repeats the picture before it is whole.
            answer_bytes=PAID_ANSWER_BYTES * (2 if on_chunk else 1),
        )
        try:
            answer = await self._send(
                conn, "POST", path, payload=payload, headers=headers, limits=limits, on_chunk=on_chunk, is_paid=True
            )
            if not 200 <= answer.status < 300:
                raise self.class_error(answer, conn)
        except ProviderError as exc:
            await report_failure(on_event, exc, call_index)
            raise
        return answer

    async def paid_stream(
        self,
        conn: ProviderConnection,
        path: str,
        payload: Mapping[str, Any] | Form,
        *,
        on_event: OnEvent,
        on_document: OnDocument,
        call_index: int = 0,
    ) -> Received:
        """`paid_call` for an answer that comes as server-sent events: `on_document` gets each one's JSON and returns
        True for the one after which nothing is waited for. Services may answer plain JSON all the same."""
        stream = EventStream()

        async def on_chunk(chunk: bytes) -> bool:
            for document in stream.feed(chunk) if chunk else stream.close():
                if await on_document(document):
                    return True
            return False

        return await self.paid_call(conn, path, payload, on_event=on_event, call_index=call_index, on_chunk=on_chunk)

    async def hand_on(
        self, conn: ProviderConnection, answer: Answer, *, on_event: OnEvent, call_index: int = 0, context: str = ""
    ) -> Received:
        """Report the answer that holds the pictures (or their links), before it is read."""
        received = Received(
            body=answer.body,
            content_type=answer.content_type,
            upstream_request_id=upstream_request_id(answer, conn),
            call_index=call_index,
            context=context,
        )
        await on_event(received)
        return received

    async def read_received(self, conn: ProviderConnection, request: ImageRequest, *, received: Received) -> CallResult:
        """Read again what was handed on of the whole `request`'s paid call `received.call_index`, and fetch what it
        links to, for free; nothing is reported.

        Raises ProviderError as the first reading did, BrokenAnswer(no_such_call) if the request has no such call.
        """
        parts = self.parts_of(request)
        if not 0 <= received.call_index < len(parts):
            raise BrokenAnswer(charged="unknown", reason="no_such_call")
        return await self.read_call(conn, parts[received.call_index], received)

    async def read_call(self, conn: ProviderConnection, part: ImageRequest, received: Received) -> CallResult:
        """What came of the paid call for `part`, by nothing but what is kept of its answer."""
        reading = partial(self.read_paid, answer_of(received), conn, part=part, context=received.context)
        # What is large takes long to decode, and would hold everybody else up.
        is_large = len(received.body) > LARGE_ANSWER_BYTES
        read = await asyncio.to_thread(reading) if is_large else reading()
        return await self.complete(conn, read, received=received, asked=part.n)

    def read_paid(self, answer: Answer, conn: ProviderConnection, *, part: ImageRequest, context: str) -> ReadAnswer:
        """The pictures of a paid answer; `context` as in Received. Raises BrokenAnswer for what cannot be read, a typed
        error for an error inside a 2xx."""
        raise Rejected(charged="unknown", reason="no_images")

    async def _send(
        self,
        conn: ProviderConnection,
        method: str,
        path: str,
        *,
        limits: Limits,
        is_paid: bool,
        payload: Mapping[str, Any] | Form | None = None,
        base_url: str = "",
        headers: Mapping[str, str] | None = None,
        on_chunk: OnChunk | None = None,
    ) -> Answer:
        sent = {"Accept": "application/json", **self.auth_headers(conn), **(headers or {})}
        body = msgspec.json.encode(payload) if isinstance(payload, Mapping) else payload
        if isinstance(body, bytes):
            sent["Content-Type"] = "application/json"
        unclear = "unknown" if is_paid else "no"
        try:
            return await outbound.send(
                method,
                (base_url or conn.base_url).rstrip("/") + path,
                headers=sent,
                body=body,
                limits=limits,
                allowed=private_address(conn),
                on_chunk=on_chunk,
            )
        except outbound.NotSent as exc:
            raise _unreachable(exc) from exc
        except outbound.TimedOut as exc:
            raise ProviderTimeout(charged=unclear) from exc
        except outbound.AnswerTooLarge as exc:
            raise BrokenAnswer(charged=unclear, reason="answer_too_large") from exc
        except outbound.OutboundError as exc:
            raise BrokenAnswer(charged=unclear, reason="connection_lost") from exc

    async def complete(
        self, conn: ProviderConnection, read: ReadAnswer, *, received: Received, asked: int
    ) -> CallResult:
        """Fetch what the answer only links to. Raises NoImageReturned for an answer with neither picture nor cost."""
        if not read.images and not read.usage and read.cost_micros is None:
            raise NoImageReturned(charged="unknown")
        # Pictures without a token of theirs are not priced by those of the prompt alone.
        is_counted = not read.images or (read.usage and (read.usage.image_out or read.usage.text_out))
        images = await fetch_all(
            read.images[: asked + MAX_SURPLUS],
            headers_of=partial(self.link_headers, conn),
            allowed=private_address(conn),
        )
        if len(read.images) > len(images):
            images.append(GeneratedImage(problem="too_many"))
        return CallResult(
            call_index=received.call_index,
            asked=asked,
            images=tuple(replace(image, revised_prompt=clean_prompt(image.revised_prompt, conn)) for image in images),
            usage=read.usage if is_counted else None,
            cost_micros=read.cost_micros,
            upstream_request_id=received.upstream_request_id or read.upstream_request_id,
        )

    def link_headers(self, conn: ProviderConnection, link: ImageLink) -> dict[str, str]:
        """The key goes along only to the origin that it was entered for."""
        is_own = outbound.origin_of(link.url) == outbound.origin_of(conn.base_url)
        return self.auth_headers(conn) if is_own else {}

    def pictures_per_call(self, request: ImageRequest) -> int:
        """How many one answer can bring: one where the service makes one, else what fits into the most that is read."""
        return 1 if self.one_picture_per_call else pictures_per_answer(request)

    def parts_of(self, request: Request) -> tuple[Request, ...]:
        """One request per paid call that `request` will need, at the place of its call index; always the same ones."""
        return split_request(request, most=self.pictures_per_call(request))

    async def call_in_parts(
        self, request: Request, make_call: Callable[[int, Request], Awaitable[CallResult]]
    ) -> ImageResult:
        """As many paid calls as the request needs; see `pay_in_parts`."""
        return await pay_in_parts(self.parts_of(request), make_call=make_call)


def _unreachable(exc: outbound.NotSent) -> Unreachable:
    is_permanent = exc.reason in PERMANENT_REASONS
    error = Unreachable(reason=exc.reason if is_permanent else "")
    error.permanent = is_permanent
    return error


def private_address(conn: ProviderConnection) -> PrivateAddress | None:
    return PrivateAddress.of(conn.base_url) if conn.allow_private and conn.base_url else None
