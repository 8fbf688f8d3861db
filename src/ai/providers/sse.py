"""Server-sent events as image services stream them: JSON in `data:` lines, ended by a blank line.

Source: WHATWG HTML, 9.2.6 "Interpreting an event stream", read 2026-11-24. Event names are not read: the services
repeat them as `type` inside the JSON, or send none.
"""

from collections.abc import Iterator
from typing import Any

from src.ai.providers.json_values import decode_json

DONE = b"[DONE]"
BOM = b"\xef\xbb\xbf"


class EventStream:
    """Takes a stream's bytes in pieces and gives the JSON objects that have become whole."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """What is no JSON object (a comment, `[DONE]`, a broken line) is passed over."""
        start = len(self._rest)
        self._rest += chunk
        # Only what is new is searched: an event may be megabytes long and come in many pieces.
        if self._rest.find(b"\n", start) < 0:
            return
        whole, _newline, rest = bytes(self._rest).rpartition(b"\n")
        self._rest = bytearray(rest)
        for line in whole.split(b"\n"):
            yield from self._take(line.removesuffix(b"\r"))

    def close(self) -> Iterator[dict[str, Any]]:
        """The last event of a stream that ends without a blank line."""
        yield from self._take(bytes(self._rest).removesuffix(b"\r"))
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[dict[str, Any]]:
        line = line.removeprefix(BOM)
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            document = _read(b"\n".join(self._data))
            self._data = []
            if document is not None:
                yield document


def read_events(body: bytes) -> list[dict[str, Any]]:
    """All events of a whole body."""
    stream = EventStream()
    return [*stream.feed(body), *stream.close()]


def _read(data: bytes) -> dict[str, Any] | None:
    document = None if data == DONE else decode_json(data)
    return document if isinstance(document, dict) else None
