"""The library's storage on a local disk and on a played S3 service, and uploads."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from moto.server import ThreadedMotoServer
from rest_framework.test import APIClient

from src.media.services.picture_processes import PROCESSES

UPLOADS = "/api/media/uploads/"
BUCKET = "negareh"


@pytest.fixture(scope="session", autouse=True)
def picture_processes() -> Iterator[None]:
    yield
    PROCESSES.stop()


@pytest.fixture(scope="session")
def running_s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def s3_storages(endpoint_url: str) -> dict[str, Any]:
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": endpoint_url,
        "region_name": "us-east-1",
        "access_key": "test-access",
        "secret_key": "test-secret",
        "location": "library",
    }
    return {
        "default": {"BACKEND": "src.media.s3_storage.MediaS3Storage", "OPTIONS": options},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def s3(running_s3) -> Iterator[Any]:
    """The library in an empty bucket; the fixture is the bucket."""
    client = boto3.resource(
        "s3",
        endpoint_url=running_s3,
        region_name="us-east-1",
        aws_access_key_id="test-access",
        aws_secret_access_key="test-secret",
    )
    bucket = client.create_bucket(Bucket=BUCKET)
    with override_settings(STORAGES=s3_storages(running_s3)):
        yield bucket
    bucket.objects.delete()


@pytest.fixture(params=["disk", "s3"])
def stored_names(request, settings) -> Callable[[], list[str]]:
    """Runs the test on both storages; calling it lists the files they hold."""
    if request.param == "s3":
        bucket = request.getfixturevalue("s3")
        return lambda: sorted(item.key.removeprefix("library/") for item in bucket.objects.all())
    root = Path(settings.MEDIA_ROOT)
    return lambda: sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
def upload(client_of) -> Callable[..., Any]:
    """`upload(user, content)` gives the answer; `name` and `declared` are what the client says of the file."""

    def send(
        user: Any,
        content: bytes,
        *,
        name: str = "a.png",
        declared: str = "image/png",
        client: Any = None,
        **fields: str,
    ) -> Any:
        caller: APIClient = client or client_of(user, language="en")
        form = {"file": SimpleUploadedFile(name, content, declared), **fields}
        return caller.post(UPLOADS, form, format="multipart")

    return send
