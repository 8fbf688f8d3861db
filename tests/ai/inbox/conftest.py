"""The inbox on a local disk and in a played S3 service, and a service that fails."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.media.conftest import BUCKET, running_s3, s3_storages

__all__ = ["running_s3"]
PREFIX = "the-inbox"


class FailingS3(ThreadingHTTPServer):
    """Answers 500 to everything, and notes what lay in the local folder when it was asked to keep something."""

    daemon_threads = True

    def __init__(self, folder: Path):
        self.folder = folder
        self.seen: list[list[str]] = []
        super().__init__(("127.0.0.1", 0), _Fails)


class _Fails(BaseHTTPRequestHandler):
    server: FailingS3

    def do_PUT(self) -> None:
        self.server.seen.append(sorted(path.name for path in self.server.folder.rglob("*") if path.is_file()))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_DELETE = do_POST = do_GET

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def failing_s3(settings) -> Iterator[FailingS3]:
    server = FailingS3(Path(settings.INBOX_DIR))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def storages_at(url: str) -> dict[str, Any]:
    library = s3_storages(url)
    inbox = library["default"]["OPTIONS"] | {"location": PREFIX, "file_overwrite": True}
    return library | {"inbox": library["default"] | {"OPTIONS": inbox}}


@pytest.fixture
def use_s3(settings) -> Callable[[str], None]:
    """`use_s3(url)`: the inbox is in the bucket at that service from now on."""

    def use(url: str) -> None:
        settings.STORAGES = storages_at(url)

    return use


@pytest.fixture
def bucket(running_s3: str, use_s3) -> Iterator[Any]:
    """The inbox in an empty bucket."""
    made = boto3.resource(
        "s3",
        endpoint_url=running_s3,
        region_name="us-east-1",
        aws_access_key_id="test-access",
        aws_secret_access_key="test-secret",
    ).create_bucket(Bucket=BUCKET)
    use_s3(running_s3)
    yield made
    made.objects.delete()


@pytest.fixture(params=["disk", "s3"])
def either_store(request) -> None:
    """Runs the test with the inbox on the disk, and in a bucket."""
    if request.param == "s3":
        request.getfixturevalue("bucket")


@pytest.fixture
def local_files(settings) -> Callable[[], list[str]]:
    root = Path(settings.INBOX_DIR)
    return lambda: sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
