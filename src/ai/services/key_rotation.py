"""Rotation of the keyring while the server runs: a new key seals, every stored key is sealed anew, unused keys go.

At any moment the ring holds every key that a row is sealed with, so a run may be interrupted anywhere.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.services.stored_keys import open_key, reseal_key
from src.core.errors import Misconfigured
from src.core.keyring import read_keyring, write_keyring
from src.core.secret import Secret
from src.core.vault import current_keyring
from src.webhooks.models import Webhook
from src.webhooks.services.stored_secrets import open_secret, reseal_secret

GRACE_S = 10.0
"""How long a key that was sealed just before the new ring was written may take to reach the database."""

StoredKey = AIProvider | AdminProviderSettings | Webhook
TABLES: tuple[type[StoredKey], ...] = (AIProvider, AdminProviderSettings, Webhook)


class RotationRefused(Exception):
    """Another rotation runs, or the keyring is another user's, whose server could not read a new one."""


@dataclass
class RotationReport:
    """`left` names the rows whose key could not be opened; the ring keys that they were sealed with stay."""

    resealed: int = 0
    left: list[str] = field(default_factory=list)
    removed_ring_keys: int = 0


def rotate_keys(*, grace_s: float = GRACE_S) -> RotationReport:
    """Seal every stored key with a new key of the ring. Safe to run again, also after an interruption.

    Every process must read the same keyring file. Raises RotationRefused, Misconfigured(vault_keyring_missing).
    """
    path = Path(settings.KEYRING_FILE)
    with _only_one_rotation(path):
        reseal_all()
        write_keyring(path, read_keyring(path).with_new_key())
        report = reseal_all()
        time.sleep(grace_s)
        late = reseal_all()
        return RotationReport(report.resealed + late.resealed, late.left, _remove_unused_ring_keys(path))


def reseal_all() -> RotationReport:
    """Seal what is sealed with an older key of the ring with its current one, a row at a time."""
    report, failed = RotationReport(), set[tuple[type[StoredKey], object]]()
    while rows := [row for row in _rows_with_an_older_key() if (type(row), row.pk) not in failed]:
        for row in rows:
            try:
                report.resealed += reseal(row)
            except Misconfigured as exc:
                if exc.code != "vault_key_unreadable":
                    raise
                failed.add((type(row), row.pk))
                report.left.append(label_of(row))
    return report


def reseal(row: StoredKey) -> bool:
    """False if the row got another key since it was read: that one stays."""
    sealed = reseal_secret(row) if isinstance(row, Webhook) else reseal_key(row, _provider_of(row))
    table: Any = type(row)._default_manager
    return bool(table.filter(pk=row.pk, key_sealed=row.key_sealed).update(key_sealed=sealed))


def _rows_with_an_older_key() -> list[StoredKey]:
    current = f"v1.{current_keyring().current}."
    return [row for row in stored_keys() if not row.key_sealed.startswith(current)]


def stored_keys() -> list[StoredKey]:
    """Every row that holds a key. Three queries."""
    providers = AIProvider.objects.exclude(key_sealed="")
    own = AdminProviderSettings.objects.exclude(key_sealed="")
    webhooks = Webhook.objects.order_by("pk")
    return [*providers.order_by("pk"), *own.select_related("provider", "admin").order_by("pk"), *webhooks]


def open_stored_key(row: StoredKey) -> Secret:
    """Raises Misconfigured."""
    return open_secret(row) if isinstance(row, Webhook) else open_key(row, _provider_of(row))


def _remove_unused_ring_keys(path: Path) -> int:
    keyring, used = read_keyring(path), ring_keys_in_use()
    kept = {key_id: secret for key_id, secret in keyring.sealing.items() if key_id in used}
    newest = keyring.with_only_current()
    smaller = replace(newest, sealing={**kept, **newest.sealing})
    removed = len(keyring.sealing) - len(smaller.sealing)
    if removed:
        write_keyring(path, smaller)
    return removed


def ring_keys_in_use() -> set[str]:
    sealed = [
        text
        for table in TABLES
        for text in table._default_manager.exclude(key_sealed="").values_list("key_sealed", flat=True)
    ]
    return {key_id for text in sealed for key_id in text.split(".")[1:2]}


def _provider_of(row: AIProvider | AdminProviderSettings) -> AIProvider:
    return row if isinstance(row, AIProvider) else row.provider


def label_of(row: StoredKey) -> str:
    if isinstance(row, AIProvider):
        return f"shared key of {row.slug}"
    if isinstance(row, Webhook):
        return f"secret of webhook {row.pk}"
    return f"personal key of {row.admin.get_username()} at {row.provider.slug}"


@contextmanager
def _only_one_rotation(path: Path) -> Iterator[None]:
    """Two at once would each write a ring without the other's new key."""
    read_keyring(path)
    if path.stat().st_uid != os.geteuid():
        raise RotationRefused("Run this as the user who owns the keyring file.")
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise RotationRefused("Another rotation is running.") from exc
    else:
        yield
    finally:
        os.close(folder)
