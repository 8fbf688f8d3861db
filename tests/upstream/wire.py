"""What goes over the wire: an answer's three parts, and the fixtures that hold recorded ones."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Answer:
    """One HTTP response, before it is decided how it is sent."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        return cls(status, {"content-type": "application/json"} | dict(headers or {}), json.dumps(body).encode())


class Refusal(Exception):
    """A service says no; carries the answer that says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class Fixture:
    """One wire fixture: `answer` as it is sent, `json` when its body is JSON, `request` that led to it."""

    name: str
    answer: Answer
    json: Any
    request: Mapping[str, Any] | None
    note: str | None

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers

    @property
    def body(self) -> bytes:
        return self.answer.body

    @property
    def error(self) -> dict[str, Any]:
        """The body's `error` object; raises KeyError for a fixture that is no error."""
        return self.json["error"]


@cache
def load_fixture(name: str) -> Fixture:
    """Read `fixtures/<name>.json`, for example "openai/rate_limited_images"."""
    stored = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    response = stored["response"]
    answer = Answer(response["status"], response["headers"], _body_of(response))
    return Fixture(name, answer, response.get("body"), stored.get("request"), stored["_meta"].get("note"))


def fixture_names(provider: str) -> list[str]:
    """Every fixture of one provider, in the order of their names."""
    return sorted(f"{provider}/{path.stem}" for path in (FIXTURES / provider).glob("*.json"))


def _body_of(response: Mapping[str, Any]) -> bytes:
    if "body_base64" in response:
        return base64.b64decode(response["body_base64"])
    if "body_text" in response:
        return response["body_text"].encode()
    return json.dumps(response["body"]).encode()
