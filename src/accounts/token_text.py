"""The text of an API token: `ngr_` + 30 base62 characters + 6 base62 characters of their CRC32.

The checksum lets a mistyped or invented token be refused without asking the database, and lets secret scanners
recognise a real one. An invitation's is `ngi_` + 43 base62 characters, 256 bits.
"""

import hashlib
import secrets
import string
import zlib

PREFIX = "ngr_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARS = 30
CHECKSUM_CHARS = 6
INVITATION_PREFIX = "ngi_"
INVITATION_CHARS = 43


def new_token_text() -> str:
    body = _random_text(RANDOM_CHARS)
    return f"{PREFIX}{body}{_checksum(body)}"


def new_invitation_text() -> str:
    return f"{INVITATION_PREFIX}{_random_text(INVITATION_CHARS)}"


def is_well_formed(text: str) -> bool:
    if not text.startswith(PREFIX) or len(text) != len(PREFIX) + RANDOM_CHARS + CHECKSUM_CHARS:
        return False
    body, checksum = text[len(PREFIX) : -CHECKSUM_CHARS], text[-CHECKSUM_CHARS:]
    return all(char in ALPHABET for char in body) and checksum == _checksum(body)


def hash_of(text: str) -> str:
    """SHA-256 in hexadecimal: the random bits of a token (178 at least) need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, remainder = divmod(number, len(ALPHABET))
        digits = ALPHABET[remainder] + digits
    return digits.rjust(CHECKSUM_CHARS, ALPHABET[0])
