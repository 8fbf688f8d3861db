"""`/livez`: the process answers. `/readyz`: what it needs is there. Neither ever calls a provider."""

import secrets
from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.http import HttpRequest, JsonResponse

from src.core import vault

log = structlog.get_logger("negareh.health")


class NotReady(Exception):
    """A part gave a wrong answer without raising an error of its own."""


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 or 503 with `{"status", "checks": {name: "ok" | "failed"}}`; why is in the log, not the answer."""
    checks = {name: _outcome(name, check) for name, check in CHECKS.items()}
    is_ready = all(outcome == "ok" for outcome in checks.values())
    return JsonResponse(
        {"status": "ok" if is_ready else "unavailable", "checks": checks}, status=200 if is_ready else 503
    )


def _outcome(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as exc:  # noqa: BLE001 (whatever a driver raises means the same here)
        log.error("not_ready", check=name, error=type(exc).__name__)
        return "failed"
    return "ok"


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_cache() -> None:
    key, value = f"readyz:{secrets.token_hex(4)}", secrets.token_hex(4)
    cache.set(key, value, 10)
    if cache.get(key) != value:
        raise NotReady("cache")
    cache.delete(key)


def check_keyring() -> None:
    vault.current_keyring()


def check_storage() -> None:
    _write_into(settings.INBOX_DIR)
    if isinstance(default_storage, FileSystemStorage):
        _write_into(Path(default_storage.location))
    else:
        default_storage.exists("readyz")


def _write_into(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".readyz-{secrets.token_hex(4)}"
    probe.write_bytes(b"ok")
    probe.unlink()


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "cache": check_cache,
    "keyring": check_keyring,
    "storage": check_storage,
}
