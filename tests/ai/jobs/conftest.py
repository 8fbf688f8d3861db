"""The API over real sockets, as one person; fixtures as for generating."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from src.ai.models import AIModel, ImageGeneration
from src.ai.providers.contract import ImageParams
from src.ai.services.call_recorder import record_sent
from src.ai.services.image_order import ImageOrder
from src.ai.services.job_claims import claim_job
from src.ai.services.reservation import reserve_generation
from tests.ai.generation.conftest import generate, gpt_image, openai
from tests.ai.jobs.streams import Stream
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

    def submit(self, **body: Any) -> str:
        """The id of a job that is not waited for."""
        answer = self.generate(wait=False, **body)
        assert answer.status == 202, answer.body
        return answer.data["id"]

    def act(self, job_id: str, action: str, body: dict[str, Any] | None = None, **headers: str) -> Answered:
        """`cancel`, `retry`, `settle` or `release`."""
        return self.post(f"{JOBS}{job_id}/{action}/", body, **headers)

    def follow(self, job_id: str = "", **headers: str) -> Stream:
        """The events of one job, or of all; a refusal raises AssertionError."""
        connection = self.begin("GET", f"{JOBS}{job_id}/events/" if job_id else f"{JOBS}events/", None, headers)
        return Stream.of(connection)

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
        # A stream where none was expected has no end.
        content = b"" if answer.headers.get_content_type() == "text/event-stream" else answer.read()
        answer.close()
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


@pytest.fixture
def reserve(gpt_image, ai_manager) -> Callable[..., UUID]:
    """`reserve(model, n=…)` puts a job of the AI manager's into the queue, where it waits for an hour."""

    def make(model: AIModel = gpt_image, **params: Any) -> UUID:
        asked = ImageParams(**{"prompt": "a red bicycle", **params})
        with transaction.atomic():
            order = ImageOrder(admin=ai_manager, model_id=model.pk, params=asked)
            job_id = reserve_generation(order=order).generation_id
            later = timezone.now() + timedelta(hours=1)
            ImageGeneration.objects.filter(pk=job_id).update(not_before=later)
        return job_id

    return make


@pytest.fixture
def claim() -> Callable[..., None]:
    """`claim(job_id, sent=[1])`: somebody runs it, and has sent these calls."""

    def take(job_id: UUID, *, sent: Sequence[int]) -> None:
        with transaction.atomic():
            ImageGeneration.objects.filter(pk=job_id).update(not_before=None)
            found = claim_job(generation_id=job_id)
            assert found
            for index in sent:
                record_sent(claim=found, call_index=index)

    return take
