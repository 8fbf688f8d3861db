"""From an empty folder to an installation with people, once; what is there stays."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_provider
from tests.webhooks.rows import make_webhook

SECRET_FILES = ("keyring.json", "secret_key")
PASSWORDS = "[user.password for user in User.objects.order_by('id')]"


class Run:
    """The output of one run of set_up, and what was there after it."""

    def __init__(self, installation):
        self.output = installation.run("set_up", "--url", "http://127.0.0.1:9999")
        self.secrets = [(installation.folder / name).read_text() for name in SECRET_FILES]
        self.people = installation.ask(PASSWORDS)


@pytest.fixture(scope="module")
def runs(installation) -> list[Run]:
    return [Run(installation), Run(installation)]


def shown_secrets(output: str) -> list[str]:
    """Both passwords and the token."""
    return re.findall(r"^  (?:super admin|AI manager|API token) .*?(\S+)$", output, re.MULTILINE)


def test_the_first_run_shows_each_secret_once_and_how_to_begin(runs):
    assert len(shown_secrets(runs[0].output)) == 3
    assert "http://127.0.0.1:9999/api/ai/admin/images/generate/" in runs[0].output


@pytest.mark.parametrize("name", SECRET_FILES)
def test_only_their_owner_can_read_the_secrets(installation, runs, name):
    assert (installation.folder / name).stat().st_mode & 0o777 == 0o600


def test_only_its_owner_can_look_into_the_folder(installation, runs):
    assert installation.folder.stat().st_mode & 0o777 == 0o700


def test_a_second_run_keeps_people_and_secrets(runs):
    assert runs[1].secrets == runs[0].secrets
    assert runs[1].people == runs[0].people


def test_the_first_people_and_token_are_in_the_audit_once(installation, runs):
    entries = "*(f'{e.channel} {e.action} {e.object_label}' for e in AuditEntry.objects.order_by('id')), sep='\\n'"

    assert installation.ask(entries).splitlines() == [
        "command person.created admin",
        "command person.created manager",
        "command api_token.created admin: first token",
    ]


def test_a_second_run_shows_no_secret(runs):
    assert shown_secrets(runs[1].output) == []
    assert "Bearer" not in runs[1].output
    assert not any(secret in runs[1].output for secret in shown_secrets(runs[0].output))


def test_the_secrets_it_shows_are_the_ones_that_work(installation, runs):
    admin, manager, token = shown_secrets(runs[0].output)

    assert installation.ask(f"User.objects.get(username='admin').check_password({admin!r})") == "True"
    assert installation.ask(f"User.objects.get(username='manager').check_password({manager!r})") == "True"
    found = f"__import__('src.accounts.services').accounts.services.find_api_token({token!r}).user.username"
    assert installation.ask(found) == "admin"


def test_no_secret_of_a_person_is_in_the_folder(installation, runs):
    stored = b"".join(path.read_bytes() for path in installation.folder.rglob("*") if path.is_file())

    assert not any(secret.encode() in stored for secret in shown_secrets(runs[0].output))


def test_the_ai_manager_may_generate_and_is_no_staff(installation, runs):
    manager = "User.objects.get(username='manager')"

    assert installation.ask(f"{manager}.has_perm('ai.image.manage'), {manager}.is_staff") == "True False"


@pytest.mark.parametrize("make_row", [make_provider, make_webhook])
def test_it_makes_no_new_keyring_while_keys_of_the_old_one_are_stored(db, settings, tmp_path, make_row):
    make_row()
    settings.KEYRING_FILE = tmp_path / "lost.json"

    with pytest.raises(CommandError, match="lost.json is gone"):
        call_command("set_up", stdout=StringIO())

    assert not settings.KEYRING_FILE.exists()
