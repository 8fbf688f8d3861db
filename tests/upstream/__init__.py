"""Image providers, played by a real HTTP server on 127.0.0.1 from the wire fixtures."""

from tests.upstream.recording import RecordedRequest
from tests.upstream.server import Upstream
from tests.upstream.wire import Fixture, load_fixture

__all__ = ["Fixture", "RecordedRequest", "Upstream", "load_fixture"]
