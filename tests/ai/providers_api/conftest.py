"""Callers of the provider side, who look at the envelope of every answer."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from rest_framework.response import Response
from rest_framework.test import APIClient

from src.accounts.models import User
from src.ai.models import AIProvider
from tests.factories import make_provider
from tests.upstream import Upstream

ROOT = "/api/ai/admin/"
PERSIAN_LETTERS = set("ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی")
ANSWER = {"success", "code", "message", "data"}
FAILURE = {"success", "code", "message", "errors", "request_id"}


class Caller:
    """Paths are relative to `/api/ai/admin/`; bodies are sent as JSON. Fails for an answer outside the envelope."""

    def __init__(self, client: APIClient):
        self._client = client

    def get(self, path: str, **query: Any) -> Response:
        return self.call("get", path, query or None)

    def post(self, path: str, body: Any = None) -> Response:
        return self.call("post", path, body)

    def put(self, path: str, body: Any = None) -> Response:
        return self.call("put", path, body)

    def patch(self, path: str, body: Any = None) -> Response:
        return self.call("patch", path, body)

    def send_text(self, method: str, path: str, text: str, content_type: str = "application/json") -> Response:
        """A body that is not made by a JSON library."""
        answer = getattr(self._client, method)(ROOT + path, text, content_type=content_type)
        return assert_envelope(answer)

    def call(self, method: str, path: str, body: Any = None) -> Response:
        address = path if path.startswith("http") else ROOT + path
        return assert_envelope(getattr(self._client, method)(address, body))


def assert_envelope(answer: Response) -> Response:
    document = answer.json()
    assert document["success"] is (answer.status_code < 400)
    assert set(document) >= (ANSWER if document["success"] else FAILURE)
    assert document["code"].isascii() and document["message"]
    return answer


def field_codes(answer: Response) -> dict[str, list[str]]:
    """`{field: [code]}` of a 400; fails for a text that is not in the language asked for (Persian by default)."""
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    errors = answer.json()["errors"]
    for error in (error for found in errors.values() for error in found):
        assert PERSIAN_LETTERS & set(error["message"]), error
    return {name: [error["code"] for error in found] for name, found in errors.items()}


@pytest.fixture
def caller(client_of) -> Callable[..., Caller]:
    """`caller(user, scopes=…, language=…)`, as `client_of`."""
    return lambda *args, **kwargs: Caller(client_of(*args, **kwargs))


@pytest.fixture
def boss(caller, super_admin: User) -> Caller:
    """The super admin, by session."""
    return caller(super_admin)


@pytest.fixture
def at_openai(upstream: Upstream) -> dict[str, Any]:
    """The fields of a provider at the played OpenAI."""
    return {"name": "OpenAI", "adapter": "openai", "api_base_url": upstream.openai_url, "allow_private_address": True}


@pytest.fixture
def down(db, upstream: Upstream) -> Iterator[AIProvider]:
    """An active OpenAI with a valid key, where nobody listens."""
    with upstream.refuse_connections() as url:
        yield make_provider(api_base_url=url, allow_private_address=True)


@contextmanager
def in_thread(fn: Callable[..., Any], *args: Any, **kwargs: Any):
    """Run beside the block; gives the future. Needs `transactional_db`."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(with_own_connection, fn, *args, **kwargs)


def all_at_once(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """Run each call in a thread of its own; the results in order. Needs `transactional_db`."""
    calls = list(calls)
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(with_own_connection, call) for call in calls]]


def with_own_connection(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return fn(*args, **kwargs)
    finally:
        connections.close_all()
