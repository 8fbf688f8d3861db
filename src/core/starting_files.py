"""The two secrets that an installation starts with, as files that only their owner can read."""

from django.conf import settings
from django.core.management.utils import get_random_secret_key

from src.core.keyring import Keyring, write_keyring, write_owner_only


def write_missing_secrets() -> list[str]:
    """Make the keyring and the SECRET_KEY file where they are missing; returns the names of those made."""
    made = []
    if not settings.KEYRING_FILE.exists():
        write_keyring(settings.KEYRING_FILE, Keyring.new())
        made.append(settings.KEYRING_FILE.name)
    if not settings.HAS_LASTING_SECRET_KEY and not settings.SECRET_KEY_FILE.exists():
        write_owner_only(settings.SECRET_KEY_FILE, get_random_secret_key())
        made.append(settings.SECRET_KEY_FILE.name)
    return made
