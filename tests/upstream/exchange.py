"""What a played service is given to answer one request."""

from collections.abc import Set
from dataclasses import dataclass, field

from tests.upstream.pictures import Sketch
from tests.upstream.recording import RecordedRequest
from tests.upstream.wire import Refusal, load_fixture


@dataclass(frozen=True)
class Exchange:
    """One request, the pictures to answer it with, and the server's state that services read."""

    request: RecordedRequest
    sketch: Sketch
    good_keys: Set[str]
    shelf: dict[str, bytes] = field(default_factory=dict)

    def require_key(self, refusal_fixture: str) -> None:
        """Raise the fixture as a Refusal unless the request carries a good key."""
        if self.request.bearer not in self.good_keys:
            raise Refusal(load_fixture(refusal_fixture).answer)

    def publish(self, folder: str, picture: bytes) -> str:
        """Put a picture where `GET` finds it; returns its absolute URL."""
        path = f"{folder}/{len(self.shelf) + 1}.png"
        self.shelf[path] = picture
        return f"http://{self.request.headers['Host']}{path}"
