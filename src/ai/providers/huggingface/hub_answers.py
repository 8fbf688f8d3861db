"""What Hugging Face's hub says of models and tokens: read, and kept in the process for a while.

Source: huggingface_hub 2.4.0, hf_api.py and utils/_pagination.py; hub-docs 242f4a1e, inference-providers/hub-api.md,
read 2026-11-24.
"""

import hashlib
import re
import time
from typing import Any, Generic, TypeVar
from urllib.parse import urljoin, urlsplit

from src.ai.providers.contract import KeyCheck, ProviderConnection
from src.ai.providers.huggingface.backends import BACKENDS, Served
from src.ai.providers.huggingface.jobs import is_path
from src.ai.providers.json_values import dict_of, text_of
from src.core.outbound import Answer, origin_of

MAX_KEPT = 1000
INFERENCE_PERMISSION = "inference.serverless.write"
NEXT_PAGE = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?next"?')
T = TypeVar("T")


class Kept(Generic[T]):
    """What the hub said, kept in the process for a while; by origin and what was asked about."""

    def __init__(self, keep_s: float):
        self._keep_s = keep_s
        self._entries: dict[tuple[str, str], tuple[float, T]] = {}

    def get(self, key: tuple[str, str]) -> T | None:
        entry = self._entries.get(key)
        return entry[1] if entry is not None and time.monotonic() < entry[0] else None

    def drop(self, key: tuple[str, str]) -> None:
        self._entries.pop(key, None)

    def put(self, key: tuple[str, str], said: T) -> None:
        if len(self._entries) >= MAX_KEPT:
            self._entries.clear()
        self._entries[key] = (time.monotonic() + self._keep_s, said)


def read_mapping(model_id: Any, mapping: Any) -> tuple[Served, ...]:
    """The live entries that are spoken here, from a dict by backend or from a list, in the order of BACKENDS."""
    if isinstance(mapping, dict):
        mapping = [{**dict_of(entry), "provider": name} for name, entry in mapping.items()]
    if not is_path(model_id) or not isinstance(mapping, list):
        return ()
    found = [served for entry in mapping if (served := _served(model_id, dict_of(entry)))]
    return tuple(sorted(found, key=lambda served: list(BACKENDS).index(served.backend)))


def _served(model_id: str, entry: dict[str, Any]) -> Served | None:
    name, task, provider_id, weights = (
        text_of(entry.get(key)) for key in ("provider", "task", "providerId", "adapterWeightsPath")
    )
    backend = BACKENDS.get(name)
    if backend is None or not backend.speaks(task) or entry.get("status") != "live" or not is_path(provider_id):
        return None
    return Served(backend=name, provider_id=provider_id, model_id=model_id, task=task, weights=weights)


def read_whoami(document: Any) -> KeyCheck:
    """A fine-grained token names its permissions, each for all or for single owners."""
    if not isinstance(document, dict):
        return KeyCheck(is_valid=None, reason="broken_answer")
    token = dict_of(dict_of(document.get("auth")).get("accessToken"))
    if token.get("role") != "fineGrained":
        return KeyCheck(is_valid=True, reason="ok")
    fine = dict_of(token.get("fineGrained"))
    scoped = fine.get("scoped")
    scopes = [dict_of(scope) for scope in scoped] if isinstance(scoped, list) else []
    granted = [fine.get("global"), *(scope.get("permissions") for scope in scopes)]
    may = any(isinstance(names, list) and INFERENCE_PERMISSION in names for names in granted)
    return KeyCheck(is_valid=True, reason="ok" if may else "no_permission")


def fingerprint(conn: ProviderConnection) -> str:
    return hashlib.sha256(conn.key.reveal().encode() if conn.key else b"").hexdigest()


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def next_page(answer: Answer, url: str) -> str:
    """The URL of the list's next page; "" for none, or for one at another origin, where no key goes."""
    match = NEXT_PAGE.search(answer.headers.get("link", ""))
    try:
        target = urljoin(url, match[1]) if match else ""
        urlsplit(target)
    except ValueError:
        return ""
    return target if target and origin_of(target) == origin_of(url) else ""
