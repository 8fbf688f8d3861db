"""The frame of every adapter: all traffic goes through `call` and `paid_call`, which keep the promises of a paid
request (announced before its socket opens, handed on before it is parsed) and class every failure."""

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar

import msgspec
import structlog

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
    Sent,
)
from src.ai.providers.errors import (
    BrokenAnswer,
    KeyInvalid,
    NoImageReturned,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
    Unreachable,
    storable,
    strike_out_key,
)
from src.ai.providers.json_values import decode_json
from src.ai.providers.sse import EventStream
from src.ai.specs import split_size
from src.core import outbound
from src.core.outbound import Answer, Form, Limits, OnChunk, PrivateAddress

CHECK_LIMITS = Limits(connect_s=5, read_gap_s=10, total_s=15, answer_bytes=8 * 1024 * 1024)
FETCH_LIMITS = Limits(connect_s=10, read_gap_s=30, total_s=120, answer_bytes=64 * 1024 * 1024)
FETCH_TRIES = 3
FETCH_TOTAL_S = 60.0
FETCHES_AT_ONCE = 4
CALLS_AT_ONCE = 10
# Each repeats the reference pictures in its body.
EDITS_AT_ONCE = 4
PAID_ANSWER_BYTES = 96 * 1024 * 1024
# A photo as PNG takes two to three bytes a pixel, and a third more as base64.
BYTES_PER_PIXEL = 4
ASSUMED_SIZE = (1536, 1024)
MAX_SURPLUS = 10
"""How many pictures beyond those asked for are kept."""
CONNECT_S = 10.0
MAX_RETRY_AFTER_S = 3600.0
REVISED_PROMPT_MAX_CHARS = 32_000
PERMANENT_REASONS = ("malformed_url", "plain_http", "forbidden_address")
FETCH_PAUSE_S = 0.5
REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,200}")
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "cf-ray")


NeedsKey = Literal["always", "never", "by_row"]
CostSource = Literal["cost", "tokens", ""]
Request = TypeVar("Request", bound=ImageRequest)
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
        is_last: bool = True,
    ) -> Answer:
        """One paid POST of JSON or of a form. Raises ProviderError with `charged` told honestly.

        `is_last` false: the answer only names a job; the one that holds the pictures is handed on by `hand_on`.
        """
        await announce(on_event, call_index)
        answer = await self._send(
            conn,
            "POST",
            path,
            payload=payload,
            headers=headers,
            limits=Limits(
                connect_s=min(CONNECT_S, conn.timeout_s / 2),
                total_s=conn.timeout_s,
                read_gap_s=conn.timeout_s,
                # A stream repeats the picture before it is whole.
                answer_bytes=PAID_ANSWER_BYTES * (2 if on_chunk else 1),
            ),
            on_chunk=on_chunk,
            is_paid=True,
        )
        if not 200 <= answer.status < 300:
            raise self.class_error(answer, conn)
        if is_last:
            await self.hand_on(conn, answer, on_event=on_event, call_index=call_index)
        return answer

    async def paid_stream(
        self,
        conn: ProviderConnection,
        path: str,
        payload: Mapping[str, Any] | Form,
        *,
        on_event: OnEvent,
        on_document: OnDocument,
    ) -> Answer:
        """`paid_call` for an answer that comes as server-sent events: `on_document` gets each one's JSON and returns
        True for the one after which nothing is waited for. Services may answer plain JSON all the same."""
        stream = EventStream()

        async def on_chunk(chunk: bytes) -> bool:
            for document in stream.feed(chunk) if chunk else stream.close():
                if await on_document(document):
                    return True
            return False

        return await self.paid_call(conn, path, payload, on_event=on_event, on_chunk=on_chunk)

    async def hand_on(
        self, conn: ProviderConnection, answer: Answer, *, on_event: OnEvent, call_index: int = 0
    ) -> None:
        """Report the answer that holds the pictures (or their links), before it is read."""
        await on_event(
            Received(
                body=answer.body,
                content_type=answer.content_type,
                upstream_request_id=upstream_request_id(answer, conn),
                call_index=call_index,
            )
        )

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
            raise Unreachable(reason=_reason_of(exc)) from exc
        except outbound.TimedOut as exc:
            raise ProviderTimeout(charged=unclear) from exc
        except outbound.AnswerTooLarge as exc:
            raise BrokenAnswer(charged=unclear, reason="answer_too_large") from exc
        except outbound.OutboundError as exc:
            raise BrokenAnswer(charged=unclear, reason="connection_lost") from exc

    async def complete(
        self, conn: ProviderConnection, read: ReadAnswer, *, upstream_id: str = "", call_index: int = 0, asked: int = 1
    ) -> CallResult:
        """Fetch what the answer only links to. Raises NoImageReturned for an answer with neither picture nor cost."""
        if not read.images and not read.usage and not read.cost_micros:
            raise NoImageReturned(charged="unknown")
        images = await self._fetch_all(conn, read.images[: asked + MAX_SURPLUS])
        if len(read.images) > len(images):
            images.append(GeneratedImage(problem="too_many"))
        return CallResult(
            call_index=call_index,
            asked=asked,
            images=tuple(replace(image, revised_prompt=clean_prompt(image.revised_prompt, conn)) for image in images),
            usage=read.usage,
            cost_micros=read.cost_micros,
            upstream_request_id=upstream_id,
        )

    async def _fetch_all(
        self, conn: ProviderConnection, images: Sequence[GeneratedImage | ImageLink]
    ) -> list[GeneratedImage]:
        """In their order; the links a few at a time, within `FETCH_TOTAL_S` for all of them."""
        gate = asyncio.Semaphore(FETCHES_AT_ONCE)
        ends_at = time.monotonic() + FETCH_TOTAL_S

        async def whole(image: GeneratedImage | ImageLink) -> GeneratedImage:
            if isinstance(image, GeneratedImage):
                return image
            lost = GeneratedImage(problem="fetch_failed", revised_prompt=image.revised_prompt, seed=image.seed)
            try:
                async with gate, asyncio.timeout(ends_at - time.monotonic()):
                    content = await self._fetch(conn, image)
            except TimeoutError:
                return lost
            if content is None:
                return lost
            return GeneratedImage(content=content, revised_prompt=image.revised_prompt, seed=image.seed)

        return list(await asyncio.gather(*(whole(image) for image in images)))

    def link_headers(self, conn: ProviderConnection, link: ImageLink) -> dict[str, str]:
        """The key goes along only to the origin that it was entered for."""
        is_own = outbound.origin_of(link.url) == outbound.origin_of(conn.base_url)
        return self.auth_headers(conn) if is_own else {}

    async def _fetch(self, conn: ProviderConnection, link: ImageLink) -> bytes | None:
        """The linked picture, tried again after failures, since a GET is free."""
        allowed = private_address(conn)
        headers = self.link_headers(conn, link)
        for attempt in range(FETCH_TRIES):
            if attempt:
                await asyncio.sleep(FETCH_PAUSE_S * attempt)
            try:
                answer = await outbound.send("GET", link.url, headers=headers, limits=FETCH_LIMITS, allowed=allowed)
            except outbound.OutboundError as exc:
                if exc.reason in PERMANENT_REASONS:
                    return None
                continue
            if answer.status == 200:
                return answer.body
        return None

    def pictures_per_call(self, request: ImageRequest) -> int:
        """How many one answer can bring: one where the service makes one, else what fits into the most that is read."""
        if self.one_picture_per_call:
            return 1
        width, height = split_size(request.size) or ASSUMED_SIZE
        return max(1, PAID_ANSWER_BYTES // (width * height * BYTES_PER_PIXEL))

    async def call_in_parts(
        self, request: Request, make_call: Callable[[int, Request], Awaitable[CallResult]]
    ) -> ImageResult:
        """As many paid calls as the request needs, a few at a time, each with an index and its part of the pictures.

        Seeds are counted on, so that no two pictures have one. Of several calls, one that fails costs only itself,
        and its error stays with it; a single one raises.
        """
        most = self.pictures_per_call(request)
        gate = asyncio.Semaphore(EDITS_AT_ONCE if isinstance(request, ImageEditRequest) else CALLS_AT_ONCE)
        firsts = range(0, request.n, most)
        parts = [_part(request, first, min(most, request.n - first)) for first in firsts]
        if len(parts) == 1:
            return ImageResult(calls=(await make_call(0, parts[0]),))

        async def ended(index: int) -> CallResult:
            async with gate:
                try:
                    return await make_call(index, parts[index])
                except ProviderError as exc:
                    error = exc
                except Exception as exc:
                    log.error("paid_call_failed", call_index=index, exc_info=exc)
                    error = ServiceFailed(charged="unknown", reason="internal")
            return CallResult(call_index=index, asked=parts[index].n, error=error, usage=error.usage)

        return ImageResult(calls=tuple(await asyncio.gather(*map(ended, range(len(parts))))))


def _part(request: Request, first: int, n: int) -> Request:
    return replace(request, n=n, seed=None if request.seed is None else request.seed + first)


async def announce(on_event: OnEvent, call_index: int = 0) -> None:
    """Report that a paid request is about to leave. Raises ServiceFailed, uncharged, if that could not be kept."""
    try:
        await on_event(Sent(call_index=call_index))
    except Exception as exc:
        log.error("paid_call_not_announced", call_index=call_index, exc_info=exc)
        raise ServiceFailed(charged="no", reason="internal") from exc


async def check_by_call(adapter: Adapter, conn: ProviderConnection, path: str) -> KeyCheck:
    """A key check by a GET that only a valid key may make."""
    try:
        answer = await adapter.call(conn, "GET", path)
    except ProviderError as exc:
        return verdict_on(exc)
    # A web page with 200 is no service that took the key.
    is_read = isinstance(read_json(answer), dict | list)
    return KeyCheck(is_valid=True if is_read else None, reason="ok" if is_read else "broken_answer")


def verdict_on(error: ProviderError) -> KeyCheck:
    """What a failed free call says of the key."""
    if isinstance(error, KeyInvalid):
        return KeyCheck(is_valid=False, reason="invalid")
    if isinstance(error, QuotaExhausted):
        return KeyCheck(is_valid=True, reason="no_credit")
    if isinstance(error, Rejected) and error.reason == "no_permission":
        # A restricted key may be refused the list and still be allowed to make pictures.
        return KeyCheck(is_valid=True, reason="no_permission")
    if isinstance(error, RateLimited):
        return KeyCheck(is_valid=None, reason="rate_limited")
    if isinstance(error, Unreachable | ProviderTimeout | Overloaded):
        return KeyCheck(is_valid=None, reason="unreachable")
    return KeyCheck(is_valid=None, reason="broken_answer")


def upstream_request_id(answer: Answer, conn: ProviderConnection) -> str:
    """The service's own id of the request, for asking its support; "" if there is none fit to be stored."""
    sent = next((answer.headers[name] for name in REQUEST_ID_HEADERS if name in answer.headers), "")
    return strike_out_key(sent, conn.key) if REQUEST_ID.fullmatch(sent) else ""


def private_address(conn: ProviderConnection) -> PrivateAddress | None:
    return PrivateAddress.of(conn.base_url) if conn.allow_private and conn.base_url else None


def clean_prompt(text: str, conn: ProviderConnection) -> str:
    """A service's wording of the prompt, fit to be stored."""
    return strike_out_key(storable(text)[:REVISED_PROMPT_MAX_CHARS], conn.key)


def read_json(answer: Answer) -> Any:
    """The body as JSON, or None where it is none (a proxy's HTML page, say)."""
    return decode_json(answer.body)


def retry_after_s(answer: Answer) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`, which may also name a moment. Source: RFC 9110, 10.2.3."""
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = answer.headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return min(float(text) / per_second, MAX_RETRY_AFTER_S)
    return _seconds_until(answer.headers.get("retry-after", ""))


def _seconds_until(moment: str) -> float | None:
    try:
        wait_s = (parsedate_to_datetime(moment) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _reason_of(exc: outbound.NotSent) -> str:
    return exc.reason if exc.reason in PERMANENT_REASONS else ""
