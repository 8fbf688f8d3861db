"""`manage.py rotate_keys` seals webhooks' secrets anew, too."""

import pytest
from django.core.management import call_command

from src.ai.commands.backup_contents import try_stored_keys
from src.core.keyring import Keyring, read_keyring, write_keyring
from src.webhooks.models import Webhook
from src.webhooks.services.stored_secrets import open_secret
from tests.webhooks.rows import SECRET, make_webhook


@pytest.fixture
def keyring_file(tmp_path, settings):
    settings.KEYRING_FILE = tmp_path / "ring" / "keyring.json"
    write_keyring(settings.KEYRING_FILE, Keyring.new())
    return settings.KEYRING_FILE


def rotate(capsys) -> tuple[str, str]:
    call_command("rotate_keys", grace=0)
    said = capsys.readouterr()
    return said.out.strip(), said.err.strip()


def test_a_secret_is_sealed_with_the_new_key_and_the_old_key_goes(keyring_file, db, capsys):
    webhook, old = make_webhook(), read_keyring(keyring_file).current

    assert rotate(capsys) == ("keys sealed anew: 1, old ring keys removed: 1", "")

    webhook.refresh_from_db()
    assert list(read_keyring(keyring_file).sealing) == [webhook.key_sealed.split(".")[1]] != [old]
    assert open_secret(webhook).reveal() == SECRET


def test_a_secret_that_cannot_be_opened_is_named_and_keeps_its_ring_key(keyring_file, db, capsys):
    webhook, old = make_webhook(), read_keyring(keyring_file).current
    Webhook.objects.update(url="https://elsewhere.example/")

    said, complaint = rotate(capsys)

    assert complaint == f"left as it is, cannot be opened: secret of webhook {webhook.pk}"
    assert said == "keys sealed anew: 0, old ring keys removed: 0"
    assert old in read_keyring(keyring_file).sealing


def test_a_restored_backup_says_which_secrets_do_not_open(keyring_file, db):
    opened, closed = make_webhook(), make_webhook()
    Webhook.objects.filter(pk=closed.pk).update(key_sealed="v1.00000000.AAAA")

    report = try_stored_keys()

    assert (report.opened, report.closed) == (1, [f"secret of webhook {closed.pk}"])
    assert open_secret(opened).reveal() == SECRET
