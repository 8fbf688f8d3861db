"""The one place that seals and opens keys: AES-256-GCM, bound to the row, the field and the origin.

A sealed text is `v1.<key id>.<base64url of nonce + ciphertext + tag>`. What it was sealed for is associated
data, so a text copied to another row, another field or another service's address does not open.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from src.core.errors import Misconfigured
from src.core.keyring import Keyring, read_keyring
from src.core.secret import Secret

NONCE_BYTES = 12
SEAL_PURPOSE = "seal provider keys"
FINGERPRINT_PURPOSE = "fingerprint provider keys"


@dataclass(frozen=True)
class Place:
    """Where a sealed key belongs. `origin` is `scheme://host:port` of the service it was entered for."""

    table: str
    vault_id: str
    field: str
    origin: str

    def associated_data(self) -> bytes:
        return "|".join((self.table, self.vault_id, self.field, self.origin)).encode()


def seal(secret: Secret, place: Place) -> str:
    """Raises Misconfigured(vault_keyring_missing)."""
    keyring = current_keyring()
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(_derive(keyring.sealing[keyring.current], SEAL_PURPOSE))
    sealed = nonce + cipher.encrypt(nonce, secret.reveal().encode(), place.associated_data())
    return f"v1.{keyring.current}.{base64.urlsafe_b64encode(sealed).decode()}"


def open_sealed(sealed: str, place: Place) -> Secret:
    """Raises Misconfigured(vault_key_unreadable): a key that cannot be opened is never an empty key."""
    keyring = current_keyring()
    try:
        version, key_id, text = sealed.split(".")
        raw = base64.urlsafe_b64decode(text)
        if version != "v1":
            raise ValueError(version)
        cipher = AESGCM(_derive(keyring.sealing[key_id], SEAL_PURPOSE))
        return Secret(cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.associated_data()).decode())
    except (ValueError, KeyError, InvalidTag) as exc:
        raise Misconfigured("vault_key_unreadable") from exc


def fingerprint(secret: Secret) -> str:
    """64 hexadecimal digits that tell whether two keys are the same, and nothing else."""
    key = _derive(current_keyring().fingerprint, FINGERPRINT_PURPOSE)
    return hmac.new(key, secret.reveal().encode(), hashlib.sha256).hexdigest()


def current_keyring() -> Keyring:
    """The keyring as the file has it now, read again when the file changes (rotation is online)."""
    path = Path(settings.KEYRING_FILE)
    try:
        found = path.stat()
    except OSError as exc:
        raise Misconfigured("vault_keyring_missing") from exc
    # The inode too: two replacements within one tick of the file system's clock bear the same time.
    return _keyring_at(path, (found.st_ino, found.st_mtime_ns))


@lru_cache(maxsize=4)
def _keyring_at(path: Path, version: tuple[int, int]) -> Keyring:
    return read_keyring(path)


@lru_cache(maxsize=32)
def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)
