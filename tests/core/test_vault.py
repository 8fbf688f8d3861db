import os
from dataclasses import replace

import pytest

from src.core import vault
from src.core.errors import Misconfigured
from src.core.keyring import Keyring, read_keyring, write_keyring
from src.core.outbound import origin_of
from src.core.secret import Secret
from src.core.vault import Place, fingerprint, open_sealed, seal

KEY = Secret("sk-test-کلید-0123456789")
PLACE = Place(
    table="ai_aiprovider",
    vault_id="6b7f0a52-6f0b-4b57-8d0f-4b3e6c1c0c11",
    field="shared_key",
    origin="https://api.openai.com:443",
)

pytestmark = pytest.mark.usefixtures("keyring_file")


def test_a_sealed_key_opens_at_its_place():
    assert open_sealed(seal(KEY, PLACE), PLACE) == KEY


def test_a_sealed_text_holds_nothing_of_the_key():
    assert KEY.reveal() not in seal(KEY, PLACE)
    assert len(set(seal(Secret("a" * 64), PLACE))) > 20


@pytest.mark.parametrize(
    "other",
    [
        {"table": "ai_adminprovidersettings"},
        {"vault_id": "6b7f0a52-6f0b-4b57-8d0f-4b3e6c1c0c12"},
        {"field": "personal_key"},
        {"origin": "https://api.openai.com:8443"},
        {"origin": "http://api.openai.com:443"},
        {"origin": "https://evil.example:443"},
        {"origin": ""},
    ],
)
def test_a_sealed_key_opens_at_no_other_place(other):
    sealed = seal(KEY, PLACE)

    with pytest.raises(Misconfigured) as caught:
        open_sealed(sealed, replace(PLACE, **other))

    assert caught.value.code == "vault_key_unreadable"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "***1234",
        lambda text: text[:-8],
        lambda text: text + ".more",
        lambda text: text.replace("v1.", "v2."),
        lambda text: text.replace("v1.", "v1.ffffffff", 1),
        lambda text: text[:12] + "." + "کلید",
        lambda text: text[:12],
        lambda text: text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB"),
    ],
)
def test_a_damaged_text_is_an_error_and_no_empty_key(damage):
    with pytest.raises(Misconfigured) as caught:
        open_sealed(damage(seal(KEY, PLACE)), PLACE)

    assert caught.value.code == "vault_key_unreadable"


def test_the_same_key_has_one_fingerprint_and_never_the_same_ciphertext():
    assert fingerprint(KEY) == fingerprint(Secret(KEY.reveal()))
    assert seal(KEY, PLACE) != seal(KEY, PLACE)


def test_another_key_has_another_fingerprint():
    assert fingerprint(KEY) != fingerprint(Secret(KEY.reveal() + "0"))


def test_without_a_keyring_nothing_is_sealed_or_opened(keyring_file):
    sealed = seal(KEY, PLACE)
    keyring_file.unlink()

    for attempt in (lambda: seal(KEY, PLACE), lambda: open_sealed(sealed, PLACE), lambda: fingerprint(KEY)):
        with pytest.raises(Misconfigured) as caught:
            attempt()
        assert caught.value.code == "vault_keyring_missing"


def test_another_keyring_opens_nothing(keyring_file):
    sealed = seal(KEY, PLACE)
    write_keyring(keyring_file, Keyring.new())

    with pytest.raises(Misconfigured, match="vault_key_unreadable"):
        open_sealed(sealed, PLACE)


def test_a_new_key_of_the_ring_seals_from_now_on_and_the_old_texts_still_open(keyring_file):
    old = seal(KEY, PLACE)
    ring = read_keyring(keyring_file).with_new_key()
    write_keyring(keyring_file, ring)
    new = seal(KEY, PLACE)

    assert new.split(".")[1] == ring.current != old.split(".")[1]
    assert open_sealed(old, PLACE) == open_sealed(new, PLACE) == KEY
    assert old.split(".")[1] != new.split(".")[1] == vault.current_keyring().current


def test_a_ring_reduced_to_its_current_key_no_longer_opens_old_texts(keyring_file):
    old = seal(KEY, PLACE)
    write_keyring(keyring_file, read_keyring(keyring_file).with_new_key().with_only_current())

    with pytest.raises(Misconfigured, match="vault_key_unreadable"):
        open_sealed(old, PLACE)


def test_fingerprints_outlast_a_rotation(keyring_file):
    before = fingerprint(KEY)
    write_keyring(keyring_file, read_keyring(keyring_file).with_new_key().with_only_current())

    assert fingerprint(KEY) == before


def test_a_ring_replaced_within_one_tick_of_the_clock_is_noticed(keyring_file):
    moment = keyring_file.stat().st_mtime_ns
    seal(KEY, PLACE)
    ring = read_keyring(keyring_file).with_new_key()
    write_keyring(keyring_file, ring)
    os.utime(keyring_file, ns=(moment, moment))

    assert vault.current_keyring().current == ring.current


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.OpenAI.com/v1", "https://api.openai.com:443"),
        ("https://api.openai.com:443/v1/", "https://api.openai.com:443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost/v1", "http://localhost:80"),
        ("https://１２７.0.0.1/v1", "https://127.0.0.1:443"),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_an_origin_always_names_its_port(url, origin):
    assert origin_of(url) == origin
