import base64
import json

import pytest

from src.core.errors import Misconfigured
from src.core.keyring import Keyring, read_keyring, write_keyring


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keyring.json"


def test_it_reads_back_what_was_written(path):
    ring = Keyring.new().with_new_key()

    write_keyring(path, ring)

    assert read_keyring(path) == ring


def test_only_its_owner_may_read_the_file_and_its_new_folder(tmp_path):
    path = tmp_path / "keys" / "keyring.json"

    write_keyring(path, Keyring.new())

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(path):
    path.write_text("{}")
    path.chmod(0o644)

    write_keyring(path, Keyring.new())

    assert path.stat().st_mode & 0o777 == 0o600


def test_writing_replaces_the_file_in_one_step(path):
    """A reader who has the old file open goes on reading the old ring, whole."""
    old, new = Keyring.new(), Keyring.new()
    write_keyring(path, old)
    with path.open() as opened:
        write_keyring(path, new)
        assert json.load(opened)["current"] == old.current

    assert read_keyring(path) == new
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_ring_and_no_draft(path):
    path.mkdir()

    with pytest.raises(OSError):
        write_keyring(path, Keyring.new())

    assert list(path.parent.iterdir()) == [path]


def test_a_new_key_joins_the_ring_and_becomes_the_current_one():
    ring = Keyring.new()

    grown = ring.with_new_key()

    assert grown.sealing.items() > ring.sealing.items()
    assert grown.current not in ring.sealing
    assert grown.fingerprint == ring.fingerprint


def test_its_repr_shows_no_secret():
    ring = Keyring.new()

    assert repr(ring) == str(ring) == f"Keyring(current='{ring.current}', keys=1)"


SECRET = base64.b64encode(bytes(32)).decode()
SHORT = base64.b64encode(bytes(31)).decode()
WHOLE = {"current": "a", "sealing": {"a": SECRET}, "fingerprint": SECRET}


def test_a_whole_ring_is_read(path):
    path.write_text(json.dumps(WHOLE))

    assert read_keyring(path).current == "a"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        *(
            json.dumps(WHOLE | change)
            for change in (
                {"current": "b"},
                {"current": []},
                {"sealing": []},
                {"sealing": {"a": SHORT}},
                {"sealing": {"a": "***"}},
                {"fingerprint": ""},
                {"fingerprint": SHORT},
                {"fingerprint": None},
            )
        ),
    ],
)
def test_a_file_that_is_no_whole_ring_counts_as_missing(path, text):
    path.write_text(text)

    with pytest.raises(Misconfigured) as caught:
        read_keyring(path)

    assert caught.value.code == "vault_keyring_missing"


def test_a_missing_file_is_missing(path):
    with pytest.raises(Misconfigured, match="vault_keyring_missing"):
        read_keyring(path)
