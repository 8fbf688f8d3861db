"""The one door to the network: every call to a provider goes through `send`.

OutboundError
├── NotSent          nothing reached the service (bad URL, forbidden address, refused, TLS failed)
├── Interrupted      the connection broke after the request had begun: what became of it is unclear
├── TimedOut         the same, by the clock
└── AnswerTooLarge   the answer passed the cap and was cut off
"""

import io
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from src.core.addresses import is_public, parse_literal

USER_AGENT = "Negareh/0.1"
MAX_LABEL_CHARS = 63


class OutboundError(Exception):
    """A call that gave no answer. `reason` is a short English word for logs, without the URL."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class NotSent(OutboundError):
    pass


class Interrupted(OutboundError):
    pass


class TimedOut(OutboundError):
    pass


class AnswerTooLarge(OutboundError):
    pass


@dataclass(frozen=True)
class Limits:
    """Seconds per phase and bytes of the answer after decompression."""

    connect_s: float = 10.0
    read_gap_s: float = 300.0
    total_s: float = 300.0
    answer_bytes: int = 96 * 1024 * 1024


@dataclass(frozen=True)
class PrivateAddress:
    """A host and port that a super admin marked as allowed though private or without TLS."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "PrivateAddress":
        """The host and port of `url` as the client reads it. Raises ValueError for what is no URL."""
        target = URL(url)
        return cls(target.raw_host or "", target.port or 0)

    def is_at(self, host: str, port: int) -> bool:
        """`host` as the client writes it: lower case, IPv6 compressed, other scripts in Punycode."""
        try:
            return (URL.build(scheme="http", host=self.host).raw_host, self.port) == (host, port)
        except ValueError:
            return False


@dataclass(frozen=True)
class FormPart:
    """One field of a multipart form; with `filename` it is a file."""

    name: str
    content: str | bytes = field(repr=False)
    filename: str = ""
    content_type: str = ""


Form = tuple[FormPart, ...]
OnChunk = Callable[[bytes], Awaitable[bool]]
"""Is given each piece of a 2xx answer's body as it comes, and b"" where it broke off; True means that what came is
enough."""
ERROR_BYTES = 1024 * 1024
"""What is read of an answer outside 2xx; its status is known by then."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as received: header names in lower case, body decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


def origin_of(url: str) -> str:
    """`scheme://host:port` as the client reads `url`, the port always named; "" for what names no host."""
    try:
        target = URL(url)
        return f"{target.scheme}://{target.raw_host}:{target.port or 0}" if target.raw_host else ""
    except ValueError:
        return ""


class GuardedResolver(AbstractResolver):
    """Resolves once and hands on only addresses that may be called; the connection goes to just those."""

    def __init__(self, allowed: PrivateAddress | None, inner: AbstractResolver | None = None):
        self._allowed = allowed
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if self._allowed is not None and self._allowed.is_at(host, port):
            return found
        for result in found:
            address = parse_literal(result["host"])
            if address is None or not is_public(address):
                raise ForbiddenAddress(host)
        return found

    async def close(self) -> None:
        await self._inner.close()


class ForbiddenAddress(OSError):
    """A name resolved to an address that must not be called."""


def check_url(url: str, allowed: PrivateAddress | None) -> URL:
    """The URL as the client reads it, so that what is checked here is what is called: `１２７.1` names a host to
    other parsers and an address to this one.

    Raises NotSent for a URL that must not be called: not https, with credentials, a forbidden literal.
    """
    try:
        target = URL(url)
    except ValueError as exc:
        raise NotSent("malformed_url") from exc
    host, port = target.raw_host or "", target.port or 0
    if not _is_host(host) or target.raw_user or target.raw_password or target.scheme not in ("http", "https"):
        raise NotSent("malformed_url")
    if allowed is not None and allowed.is_at(host, port):
        return target
    if target.scheme != "https":
        raise NotSent("plain_http")
    # aiohttp does not ask its resolver for IP literals.
    literal = parse_literal(host)
    if literal is not None and not is_public(literal):
        raise NotSent("forbidden_address")
    return target


def _is_host(host: str) -> bool:
    """Not empty, and no label longer than a resolver takes."""
    return bool(host) and all(len(label) <= MAX_LABEL_CHARS for label in host.split("."))


async def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | Form | None = None,
    limits: Limits | None = None,
    allowed: PrivateAddress | None = None,
    on_chunk: OnChunk | None = None,
) -> Answer:
    """One request, one answer of any status. Redirects are not followed, proxies not read from the environment.

    Raises OutboundError's four kinds.
    """
    limits = limits or Limits()
    target = check_url(url, allowed)
    timeout = aiohttp.ClientTimeout(total=limits.total_s, connect=limits.connect_s, sock_read=limits.read_gap_s)
    try:
        async with (
            _session(allowed) as session,
            session.request(
                method,
                target,
                headers={"User-Agent": USER_AGENT, **(headers or {})},
                data=_payload_of(body),
                timeout=timeout,
                allow_redirects=False,
            ) as response,
        ):
            if 200 <= response.status < 300:
                content = await _read_capped(response, limits.answer_bytes, on_chunk)
            else:
                content = await _read_what_comes(response)
            lowered = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, lowered, content)
    except _CallbackFailed as exc:
        raise exc.__cause__ or exc from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as exc:
        is_forbidden = isinstance(getattr(exc, "os_error", None), ForbiddenAddress)
        raise NotSent("forbidden_address" if is_forbidden else type(exc).__name__) from exc
    except (TimeoutError, aiohttp.ServerTimeoutError) as exc:
        raise TimedOut(type(exc).__name__) from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise Interrupted(type(exc).__name__) from exc


def _payload_of(body: bytes | Form | None) -> io.BytesIO | aiohttp.FormData | None:
    """Bytes as a file, which aiohttp sends in pieces; a form with each part's own type."""
    if body is None or isinstance(body, bytes):
        return None if body is None else io.BytesIO(body)
    form = aiohttp.FormData()
    for part in body:
        content = io.BytesIO(part.content) if isinstance(part.content, bytes) else part.content
        form.add_field(part.name, content, filename=part.filename or None, content_type=part.content_type or None)
    return form


async def _read_capped(response: aiohttp.ClientResponse, cap_bytes: int, on_chunk: OnChunk | None) -> bytes:
    declared = response.content_length
    if declared is not None and declared > cap_bytes:
        raise AnswerTooLarge("declared")
    content = bytearray()
    try:
        async for chunk in response.content.iter_any():
            content += chunk
            if on_chunk is not None and await _show(chunk, on_chunk):
                break
            if len(content) > cap_bytes:
                raise AnswerTooLarge("read")
    except (aiohttp.ClientError, OSError):
        if on_chunk is None or not await _show(b"", on_chunk):
            raise
    return bytes(content)


async def _read_what_comes(response: aiohttp.ClientResponse) -> bytes:
    """The start of an error's body, however it ends."""
    content = bytearray()
    with suppress(aiohttp.ClientError, OSError):
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) >= ERROR_BYTES:
                break
    return bytes(content[:ERROR_BYTES])


async def _show(chunk: bytes, on_chunk: OnChunk) -> bool:
    try:
        return await on_chunk(chunk)
    except Exception as exc:
        raise _CallbackFailed from exc


class _CallbackFailed(Exception):
    """The caller's own code failed, whose error must not be taken for the network's."""


def _session(allowed: PrivateAddress | None) -> aiohttp.ClientSession:
    """A session with a new connection for each call.

    On a reused connection a disconnect would leave unclear whether a paid request was taken, and a connection
    opened under one row's allowance could serve another row.
    """
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(allowed), use_dns_cache=False, limit=0)
    return aiohttp.ClientSession(connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
