"""The API over real sockets, as one person; fixtures as for generating."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.ai.generation.conftest import generate, gpt_image, openai
from tests.serving import Server

__all__ = ["generate", "gpt_image", "openai"]

JOBS = "/api/ai/admin/jobs/"
GENERATE = "/api/ai/admin/images/generate/"


@dataclass
class Answered:
    status: int
    headers: http.client.HTTPMessage
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        return self.body["data"]

    @property
    def code(self) -> str:
        return self.body["code"]


@dataclass
class Api:
    """`api.post(path, {...})`, `api.get(path)`; further keywords are headers, with `_` for `-`."""

    server: Server
    token: str
    model_pk: int
    open: list[http.client.HTTPConnection] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Answered:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> Answered:
        return self.ask("POST", path, body or {}, headers)

    def generate(self, *, headers: dict[str, str] | None = None, **body: Any) -> Answered:
        sent = {"model_id": self.model_pk, "prompt": "a red bicycle", **body}
        return self.post(GENERATE, sent, **(headers or {}))

    def job(self, job_id: str) -> dict[str, Any]:
        return self.get(f"{JOBS}{job_id}/").data

    def wait_for(self, job_id: str, *, timeout_s: float = 15.0) -> dict[str, Any]:
        """The job once it has ended."""
        deadline = time.monotonic() + timeout_s
        while not (job := self.job(job_id))["is_finished"]:
            if time.monotonic() > deadline:
                raise TimeoutError(job["status"])
            time.sleep(0.03)
        return job

    def ask(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Answered:
        connection = self.begin(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return Answered(answer.status, answer.headers, json.loads(content) if content else {})

    def begin(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=30)
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        return connection


@pytest.fixture
def api_of(server: Server, gpt_image, token_of) -> Callable[[Any], Api]:
    return lambda user: Api(server, token_of(user), gpt_image.pk)


@pytest.fixture
def api(api_of, ai_manager) -> Iterator[Api]:
    """As the AI manager."""
    yield api_of(ai_manager)
