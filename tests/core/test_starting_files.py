import pytest

from src.core.keyring import read_keyring
from src.core.starting_files import write_missing_secrets


@pytest.fixture(autouse=True)
def empty_folder(settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "var" / "keyring.json"
    settings.SECRET_KEY_FILE = tmp_path / "var" / "secret_key"
    settings.HAS_LASTING_SECRET_KEY = False


def test_both_secrets_are_made_for_their_owner_only(settings):
    assert write_missing_secrets() == ["keyring.json", "secret_key"]

    assert read_keyring(settings.KEYRING_FILE).current
    assert len(settings.SECRET_KEY_FILE.read_text()) >= 50
    for path in (settings.KEYRING_FILE, settings.SECRET_KEY_FILE):
        assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_never_replaced(settings):
    write_missing_secrets()
    before = settings.KEYRING_FILE.read_bytes(), settings.SECRET_KEY_FILE.read_bytes()

    assert write_missing_secrets() == []
    assert (settings.KEYRING_FILE.read_bytes(), settings.SECRET_KEY_FILE.read_bytes()) == before


def test_no_secret_key_is_made_where_the_environment_has_one(settings):
    settings.HAS_LASTING_SECRET_KEY = True

    assert write_missing_secrets() == ["keyring.json"]
    assert not settings.SECRET_KEY_FILE.exists()
