"""Secrets and signatures of the Standard Webhooks specification.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, read 2026-11-24.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from src.core.secret import Secret

PREFIX = "whsec_"
MIN_BYTES, MAX_BYTES, NEW_BYTES = 24, 64, 32


def new_secret() -> Secret:
    """`whsec_` and the Base64 of 32 random bytes."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(NEW_BYTES)).decode())


def is_standard_secret(text: str) -> bool:
    """Whether `text` is `whsec_` and the padded Base64 of 24 to 64 bytes."""
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        return False
    is_canonical = base64.b64encode(key).decode() == encoded
    return text.startswith(PREFIX) and is_canonical and MIN_BYTES <= len(key) <= MAX_BYTES


def signature_of(*, secret: Secret, message_id: str, timestamp_s: int, body: bytes) -> str:
    """`v1,<Base64 of the HMAC-SHA256 of "{message_id}.{timestamp_s}.{body}">`."""
    key = base64.b64decode(secret.reveal().removeprefix(PREFIX))
    signed = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
