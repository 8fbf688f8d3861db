"""Requests over a connection of their own, to one process or to the balancer."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

API = "/api/ai/admin/"
GENERATE = f"{API}images/generate/"
EDIT = f"{API}images/edit/"
JOBS = f"{API}jobs/"
PATIENCE_S = 30.0
STEP_S = 0.05


@dataclass(frozen=True)
class Answer:
    """Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.content)

    @property
    def data(self) -> dict[str, Any]:
        return self.body["data"]

    @property
    def code(self) -> str:
        return self.body["code"]


@dataclass(frozen=True)
class Client:
    """Speaks with the server at `url` as whoever the token belongs to."""

    url: str
    token: str

    def at(self, url: str) -> "Client":
        return replace(self, url=url)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """Headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", path, json.dumps(body or {}).encode(), {"Content-Type": "application/json", **named})

    def send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        with self.opened(method, path, content, headers) as answer:
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())

    @contextmanager
    def opened(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer as it comes."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        own = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", "Connection": "close"}
        try:
            connection.request(method, path, content, {**own, **(headers or {})})
            yield connection.getresponse()
        finally:
            connection.close()

    def wait_for(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_S
        while not (job := self.get(f"{JOBS}{job_id}/").data)["is_finished"]:
            if time.monotonic() > deadline:
                raise TimeoutError(job["status"])
            time.sleep(STEP_S)
        return job


@dataclass(frozen=True)
class Event:
    kind: str
    data: dict[str, Any]


def read_events(answer: http.client.HTTPResponse) -> Iterator[Event]:
    """Server-sent events as they come, without pings."""
    kind = ""
    for line in answer:
        name, _colon, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        if name == "data":
            yield Event(kind, json.loads(value))
