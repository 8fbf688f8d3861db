"""A new key of the ring seals every stored key, whatever happens on the way."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.services.key_rotation import reseal, rotate_keys
from src.ai.services.stored_keys import open_key, store_key
from src.core.errors import Misconfigured
from src.core.keyring import Keyring, read_keyring, write_keyring
from src.core.secret import Secret
from tests.factories import make_provider, make_settings

SHARED, OWN = "sk-test-shared", "sk-test-personal"


@pytest.fixture
def keyring_file(tmp_path: Path, settings) -> Path:
    settings.KEYRING_FILE = tmp_path / "ring" / "keyring.json"
    write_keyring(settings.KEYRING_FILE, Keyring.new())
    return settings.KEYRING_FILE


@pytest.fixture
def provider(keyring_file, db) -> AIProvider:
    return make_provider(key=SHARED)


@pytest.fixture
def own(provider, ai_manager) -> AdminProviderSettings:
    return make_settings(ai_manager, provider, key=OWN)


def ring_key_of(row) -> str:
    row.refresh_from_db()
    return row.key_sealed.split(".")[1]


def key_of(row) -> str:
    """As it is stored now."""
    row = type(row).objects.get(pk=row.pk)
    return open_key(row, row if isinstance(row, AIProvider) else row.provider).reveal()


def rotate(capsys) -> tuple[str, str]:
    """What it says, and what it complains of."""
    call_command("rotate_keys", grace=0)
    said = capsys.readouterr()
    return said.out.strip(), said.err.strip()


def move(provider: AIProvider) -> None:
    """To another origin, so that keys stored before do not open."""
    provider.api_base_url = "https://elsewhere.example/v1"
    provider.save()


def test_every_key_is_sealed_with_a_new_one_and_the_old_one_goes(keyring_file, provider, own, capsys):
    before = read_keyring(keyring_file)

    assert rotate(capsys) == ("keys sealed anew: 2, old ring keys removed: 1", "")

    after = read_keyring(keyring_file)
    assert list(after.sealing) == [after.current] != [before.current]
    assert ring_key_of(provider) == ring_key_of(own) == after.current
    assert (key_of(provider), key_of(own)) == (SHARED, OWN)


def test_nothing_else_of_a_row_changes(provider, own, capsys):
    before = [table.objects.values().get() for table in (AIProvider, AdminProviderSettings)]

    rotate(capsys)

    after = [table.objects.values().get() for table in (AIProvider, AdminProviderSettings)]
    assert [{**row, "key_sealed": ""} for row in after] == [{**row, "key_sealed": ""} for row in before]


def test_fingerprints_stay_comparable(keyring_file, provider, capsys):
    used = provider.key_fingerprint

    rotate(capsys)

    store_key(provider, Secret(SHARED), provider)
    assert provider.key_fingerprint == used


def test_a_second_run_rotates_again(keyring_file, provider, own, capsys):
    rotate(capsys)
    first = read_keyring(keyring_file).current

    assert rotate(capsys) == ("keys sealed anew: 2, old ring keys removed: 1", "")

    assert ring_key_of(provider) != first
    assert key_of(own) == OWN


def test_rows_without_a_key_are_left_alone(keyring_file, db, ai_manager, capsys):
    make_settings(ai_manager, make_provider(key=None))

    assert rotate(capsys) == ("keys sealed anew: 0, old ring keys removed: 1", "")


def test_the_file_stays_its_owners_alone(keyring_file, provider, capsys):
    rotate(capsys)

    assert keyring_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in keyring_file.parent.iterdir()] == ["keyring.json"]


def test_no_key_is_printed(provider, own, capsys):
    move(provider)

    said = "".join(rotate(capsys))

    assert not any(secret in said for secret in (SHARED, OWN, provider.key_sealed, own.key_sealed))


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_run_after_an_interrupted_one_finishes_it(keyring_file, provider, own, capsys, done):
    """Interrupted after the new ring was written and `done` of two rows were sealed anew."""
    write_keyring(keyring_file, read_keyring(keyring_file).with_new_key())
    for row in (provider, own)[:done]:
        reseal(row)

    assert rotate(capsys) == ("keys sealed anew: 2, old ring keys removed: 2", "")

    assert (key_of(provider), key_of(own)) == (SHARED, OWN)
    assert list(read_keyring(keyring_file).sealing) == [ring_key_of(own)]


def test_a_key_that_was_set_aside_is_named_and_keeps_its_ring_key(keyring_file, provider, own, capsys):
    old, moved = read_keyring(keyring_file).current, make_provider("moved", key=SHARED)
    aside = make_settings(own.admin, moved, key=OWN)
    sealed = aside.key_sealed
    moved.api_base_url = "https://elsewhere.example/v1"
    store_key(moved, Secret(SHARED), moved)
    moved.save()

    said, complaint = rotate(capsys)

    assert complaint == "left as it is, cannot be opened: personal key of manager at moved"
    assert said == "keys sealed anew: 3, old ring keys removed: 0"
    aside.refresh_from_db()
    assert aside.key_sealed == sealed
    assert read_keyring(keyring_file).sealing.keys() == {old, ring_key_of(provider)}


def test_a_key_that_was_set_aside_opens_again_where_it_belongs(keyring_file, provider, own, capsys):
    move(provider)
    for _ in range(2):
        rotate(capsys)
    provider.api_base_url = ""
    provider.save()

    assert key_of(own) == OWN
    assert rotate(capsys) == ("keys sealed anew: 2, old ring keys removed: 2", "")


def test_only_ring_keys_that_no_row_uses_go(keyring_file, provider, own, capsys):
    """Two runs with a key set aside: the key between is used by nobody."""
    oldest = read_keyring(keyring_file).current
    move(provider)
    store_key(provider, Secret(SHARED), provider)
    provider.save()

    for _ in range(2):
        rotate(capsys)

    assert read_keyring(keyring_file).sealing.keys() == {oldest, ring_key_of(provider)}


@pytest.mark.parametrize("damaged", ["nonsense", "v1.00000000.AAAA", "v1..", "v2.a.b"])
def test_a_damaged_key_is_named_and_left(provider, own, capsys, damaged):
    AIProvider.objects.update(key_sealed=damaged)

    said, complaint = rotate(capsys)

    assert complaint == "left as it is, cannot be opened: shared key of openai"
    assert said == "keys sealed anew: 1, old ring keys removed: 1"
    assert AIProvider.objects.get().key_sealed == damaged


def test_a_key_that_was_entered_meanwhile_is_not_written_over(provider):
    as_read = AIProvider.objects.get()
    store_key(provider, Secret("sk-test-entered-now"), provider)
    provider.save()

    assert reseal(as_read) is False

    assert key_of(provider) == "sk-test-entered-now"


@pytest.mark.parametrize("content", [None, "{}", "no keyring"])
def test_without_a_keyring_nothing_is_changed(keyring_file, provider, content):
    if content is None:
        keyring_file.unlink()
    else:
        keyring_file.write_text(content)

    with pytest.raises(CommandError, match="missing or is no keyring"):
        call_command("rotate_keys", grace=0)

    assert (keyring_file.read_text() if keyring_file.exists() else None) == content
    assert AIProvider.objects.get().key_sealed == provider.key_sealed


@pytest.mark.django_db(transaction=True)
def test_keys_can_be_opened_all_the_while(keyring_file, transactional_db, ai_manager):
    provider = make_provider(key=SHARED)
    own = make_settings(ai_manager, provider, key=OWN)
    is_over, opened, failures = threading.Event(), [], []

    def use_keys() -> None:
        while not is_over.is_set():
            try:
                row = AIProvider.objects.get(pk=provider.pk)
                mine = AdminProviderSettings.objects.get(pk=own.pk)
                opened.append((open_key(row, row).reveal(), open_key(mine, row).reveal()))
            except Misconfigured as exc:
                failures.append(exc.code)
        connection.close()

    threads = [threading.Thread(target=use_keys) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        rotate_keys(grace_s=0.05)
    is_over.set()
    for thread in threads:
        thread.join()

    assert (failures, set(opened)) == ([], {(SHARED, OWN)})


@pytest.mark.django_db(transaction=True)
def test_a_key_stored_while_the_rotation_waits_is_not_lost(keyring_file, transactional_db):
    """Sealed with the old ring just before the rotation, in the database only after it."""
    provider = make_provider(key=SHARED)
    store_key(provider, Secret("sk-test-entered-now"), provider)
    rotation = threading.Timer(0.15, lambda: (provider.save(), connection.close()))

    rotation.start()
    report = rotate_keys(grace_s=0.6)
    rotation.join()

    assert (report.left, report.removed_ring_keys) == ([], 1)
    assert key_of(provider) == "sk-test-entered-now"


@pytest.mark.django_db(transaction=True)
def test_of_two_rotations_at_once_one_is_refused(keyring_file, transactional_db):
    provider = make_provider(key=SHARED)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: (rotate_keys(grace_s=0.5), connection.close()))
        while not first.done() and len(read_keyring(keyring_file).sealing) == 1:
            time.sleep(0.01)

        with pytest.raises(CommandError, match="Another rotation is running"):
            call_command("rotate_keys", grace=0)

    first.result()
    assert key_of(provider) == SHARED
