"""The keyring file: the secrets that seal stored keys, apart from the database and from SECRET_KEY."""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from src.core.durable import write_durably
from src.core.errors import Misconfigured

SECRET_BYTES = 32


@dataclass(frozen=True, repr=False)
class Keyring:
    """`sealing`: secret by key id; `current`: the id that seals; `fingerprint`: never rotated, so that
    fingerprints stay comparable."""

    sealing: dict[str, bytes]
    current: str
    fingerprint: bytes

    def __repr__(self) -> str:
        return f"Keyring(current={self.current!r}, keys={len(self.sealing)})"

    @classmethod
    def new(cls) -> "Keyring":
        key_id = _new_key_id()
        return cls({key_id: secrets.token_bytes(SECRET_BYTES)}, key_id, secrets.token_bytes(SECRET_BYTES))

    def with_new_key(self) -> "Keyring":
        """The same ring with a further key that seals from now on."""
        key_id = _new_key_id()
        return Keyring({**self.sealing, key_id: secrets.token_bytes(SECRET_BYTES)}, key_id, self.fingerprint)

    def with_only_current(self) -> "Keyring":
        return Keyring({self.current: self.sealing[self.current]}, self.current, self.fingerprint)


def _new_key_id() -> str:
    return secrets.token_hex(4)


def read_keyring(path: Path) -> Keyring:
    """Raises Misconfigured(vault_keyring_missing) if the file is absent or is no keyring."""
    try:
        stored = json.loads(path.read_text())
        sealing = {key_id: base64.b64decode(text) for key_id, text in stored["sealing"].items()}
        keyring = Keyring(sealing, stored["current"], base64.b64decode(stored["fingerprint"]))
        has_current = keyring.current in sealing
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as exc:
        raise Misconfigured("vault_keyring_missing") from exc
    if not has_current or any(len(secret) != SECRET_BYTES for secret in (*sealing.values(), keyring.fingerprint)):
        raise Misconfigured("vault_keyring_missing")
    return keyring


def write_keyring(path: Path, keyring: Keyring) -> None:
    """Replace the file in one step; readable by its owner only."""
    text = json.dumps(
        {
            "current": keyring.current,
            "sealing": {k: base64.b64encode(s).decode() for k, s in keyring.sealing.items()},
            "fingerprint": base64.b64encode(keyring.fingerprint).decode(),
        }
    )
    write_owner_only(path, text)


def write_owner_only(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(path, text.encode())
