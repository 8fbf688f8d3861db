"""The faults and odd answers that a test asks for, waiting for the requests that will get them."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.upstream import delivery
from tests.upstream.pictures import Sketch
from tests.upstream.recording import RecordedRequest
from tests.upstream.wire import Answer, load_fixture


@dataclass(frozen=True)
class Switch:
    """What one request gets in place of the normal behaviour; an unset field leaves it normal."""

    path: str | None = None
    except_path: str | None = None
    delay_s: float = 0.0
    answer: Answer | None = None
    sketch: Sketch = Sketch()
    deliver: delivery.Deliver = delivery.whole

    def matches(self, request: RecordedRequest) -> bool:
        if self.except_path is not None and self.except_path in request.path:
            return False
        return request.is_paid if self.path is None else self.path in request.path


class Switches:
    """The switches, first set first used; each is used by one request, each request uses one.

    Every method takes `path` (a part of the request's path; without it only paid POSTs match),
    `except_path` (a part that it must not have), `delay_s` (wait before answering) and `times` (so
    many requests in a row); those that say what is answered also take `deliver` (one of
    `delivery`'s ways to send it). Safe from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Switch] = deque()

    def play(self, fixture: str, **when: Any) -> None:
        """Answer with a fixture, such as "openai/rate_limited_images"."""
        self._set(when, answer=load_fixture(fixture).answer)

    def play_response(
        self, *, status: int = 200, headers: Mapping[str, str] | None = None, body: Any = b"", **when: Any
    ) -> None:
        """Answer with exactly this; a body that is not bytes is sent as JSON."""
        if isinstance(body, bytes):
            self._set(when, answer=Answer(status, headers or {}, body))
        else:
            self._set(when, answer=Answer.of_json(body, status=status, headers=headers))

    def redirect_next(self, *, to: str, status: int = 307, **when: Any) -> None:
        self._set(when, answer=Answer(status, {"Location": to}))

    def delay_next(self, seconds: float, **when: Any) -> None:
        self._set(when | {"delay_s": seconds})

    def drop_after_accept(self, **when: Any) -> None:
        """Read the whole request, then reset the connection without an answer."""
        self._set(when, deliver=delivery.nothing)

    def truncate_body(self, *, at: int = 100, **when: Any) -> None:
        """Declare the full Content-Length, send `at` bytes of the normal body, close."""
        self._set(when, deliver=delivery.cut_short(at))

    def send_only(self, *, at: int, declares_length: bool, **when: Any) -> None:
        """Send `at` bytes of the normal body as if they were all: with their Content-Length, or without any."""
        self._set(when, deliver=delivery.cut_off(at) if declares_length else delivery.unmeasured(at))

    def trickle(self, *, bytes_per_s: int, **when: Any) -> None:
        """Send the normal body at this speed."""
        self._set(when, deliver=delivery.slowly(bytes_per_s))

    def oversize_body(self, *, mb: int, declares_length: bool = False, **when: Any) -> None:
        """Answer 200 with one picture whose base64 is `mb` MiB long, made as it is sent."""
        answer = Answer(200, {"content-type": "application/json"})
        self._set(when, answer=answer, deliver=delivery.oversize(mb, declares_length=declares_length))

    def picture_next(self, picture: bytes, **when: Any) -> None:
        """Answer normally, but each picture is exactly these bytes."""
        self._set(when, sketch=Sketch(picture=picture))

    def b64_next(self, b64: str, **when: Any) -> None:
        """Answer normally, but each `b64_json` is exactly this string."""
        self._set(when, sketch=Sketch(b64=b64))

    def picture_count_next(self, count: int, **when: Any) -> None:
        """Answer normally, but with so many pictures, whatever was asked."""
        self._set(when, sketch=Sketch(count=count))

    def take_for(self, request: RecordedRequest) -> Switch:
        """Remove and return the first switch that matches; one that changes nothing if none does."""
        with self._lock:
            found = next((switch for switch in self._waiting if switch.matches(request)), None)
            if found is None:
                return Switch()
            self._waiting.remove(found)
            return found

    @property
    def unused_switches(self) -> int:
        """How many switches no request has used yet."""
        return len(self._waiting)

    def clear_switches(self) -> None:
        with self._lock:
            self._waiting.clear()

    def _set(self, when: dict[str, Any], **what: Any) -> None:
        times = when.pop("times", 1)
        with self._lock:
            self._waiting.extend([Switch(**when, **what)] * times)
