"""Plain requests over real sockets: only there are async answers streamed and cookies as a browser gets them."""

import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Fetched:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def fetch(url: str, method: str = "GET", *, token: str = "", body: Any = None, **headers: str) -> Fetched:
    """`body` goes as JSON; `If_None_Match=...` is a header."""
    parts = urlsplit(url)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None:
        sent["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    with closing(connection):
        connection.request(method, parts.path, None if body is None else json.dumps(body), sent)
        with connection.getresponse() as response:
            return Fetched(response.status, response.headers, response.read())


def send_form(url: str, token: str, content: bytes) -> Fetched:
    """A form with that file."""
    parts = urlsplit(url)
    # Long enough to be in no picture.
    boundary = b"between-the-parts-of-a-form"
    head = b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary.decode()}"}
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    with closing(connection):
        connection.request("POST", parts.path, head + content + b"\r\n--" + boundary + b"--\r\n", headers)
        with connection.getresponse() as response:
            return Fetched(response.status, response.headers, response.read())
