"""What the server remembers of each request that reached it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from functools import cached_property
from typing import Any

from aiohttp import web

GENERATION_PATHS = ("/images/generations", "/images/edits", "/api/v1/images", "/chat/completions", ":generateContent")
# Whose POSTs are all paid: the paths are models' names.
PAID_FOLDERS = ("/huggingface/",)


@dataclass(frozen=True)
class FormPart:
    """One part of a multipart body."""

    name: str
    filename: str | None
    content_type: str
    body: bytes


@dataclass(frozen=True)
class RecordedRequest:
    """One request, read whole; `headers` ignores case, `json` is None unless the body was valid JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @classmethod
    async def read(cls, request: web.Request) -> "RecordedRequest":
        body = await request.read()
        return cls(request.method, request.path, request.query, request.headers, body, _json_of(request, body))

    @property
    def is_paid(self) -> bool:
        """Whether a real provider could bill this request."""
        is_generation = self.path.endswith(GENERATION_PATHS) or self.path.startswith(PAID_FOLDERS)
        return self.method == "POST" and is_generation

    @property
    def bearer(self) -> str | None:
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        return key if scheme == "Bearer" else None

    @cached_property
    def form(self) -> list[FormPart]:
        """The parts of a multipart body, in the order sent; empty for any other body."""
        content_type = self.headers.get("Content-Type", "")
        if not content_type.startswith("multipart/form-data"):
            return []
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        return [_form_part(part) for part in BytesParser(policy=policy.HTTP).parsebytes(head + self.body).iter_parts()]


def _json_of(request: web.Request, body: bytes) -> Any:
    if "json" not in request.content_type:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def _form_part(part: Any) -> FormPart:
    name = part.get_param("name", header="content-disposition")
    return FormPart(name, part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
