"""Pictures in a bucket of an S3 compatible service; only this server reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

IN_MEMORY_BYTES = 2_621_440
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, ATTEMPTS = 5, 30, 3


class MediaS3Storage(S3Storage):
    """Nothing is public and nothing overwritten; what fails is an OSError, as on a disk."""

    def get_default_settings(self) -> dict[str, Any]:
        return super().get_default_settings() | {
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": False,
            "max_memory_size": IN_MEMORY_BYTES,
        }

    def __init__(self, **settings: Any) -> None:
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if settings.get("endpoint_url") else "auto"},
            # Services other than Amazon's know no checksums in trailers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        )
        super().__init__(client_config=config, **settings)

    def _open(self, name: str, mode: str = "rb") -> File:
        with _as_on_a_disk():
            file = super()._open(name, mode)
            # The whole object now: a failure midway through an answer could no longer be told.
            return file.open()

    def _save(self, name: str, content: File) -> str:
        with _as_on_a_disk():
            return super()._save(name, content)

    def delete(self, name: str) -> None:
        with _as_on_a_disk():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _as_on_a_disk():
            return super().exists(name)


@contextmanager
def _as_on_a_disk() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as exc:
        raise OSError("the S3 service failed") from exc
