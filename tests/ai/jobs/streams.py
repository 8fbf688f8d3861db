"""Server-sent events, read as they come (WHATWG HTML, 9.2)."""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 25.0


@dataclass(frozen=True)
class Told:
    """`kind` "" is a block without an event, such as a ping (then `data` is its text)."""

    kind: str
    data: Any
    number: str | None = None


class Stream:
    """`next()` waits for an event; leaving the block hangs up."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse):
        self._connection, self._answer = connection, answer
        self.headers = answer.headers

    @classmethod
    def of(cls, connection: http.client.HTTPConnection) -> "Stream":
        answer = connection.getresponse()
        assert answer.status == 200, (answer.status, answer.read())
        return cls(connection, answer)

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        self._answer.close()
        self._connection.close()

    def blocks(self) -> Iterator[Told]:
        """All that comes, comments too, until the server ends the stream. Raises TimeoutError after `PATIENCE_S`."""
        lines: list[str] = []
        deadline = time.monotonic() + PATIENCE_S
        while line := self._answer.readline():
            if text := line.decode().rstrip("\n"):
                lines.append(text)
            else:
                yield _read(lines)
                lines = []
                if time.monotonic() > deadline:
                    raise TimeoutError("the stream goes on")

    def events(self) -> Iterator[Told]:
        return (told for told in self.blocks() if told.kind)

    def next(self) -> Told:
        return next(self.events())

    def rest(self) -> list[Told]:
        """All until the server ends the stream."""
        with self:
            return list(self.events())


def _read(lines: list[str]) -> Told:
    fields = dict(line.split(": ", 1) for line in lines)
    if "data" not in fields:
        return Told("", "\n".join(lines), fields.get("id"))
    return Told(fields["event"], json.loads(fields["data"]), fields.get("id"))
