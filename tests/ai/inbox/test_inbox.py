"""What the inbox keeps, on a disk and in a bucket alike."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from src.ai.services.inbox import (
    call_path,
    full_path,
    input_path,
    is_in_inbox,
    move_to_quarantine,
    open_in_inbox,
    preview_path,
    read_from_inbox,
    remove_from_inbox,
    result_path,
    take_from_quarantine,
    write_to_inbox,
    write_to_quarantine,
)
from src.ai.services.inbox_store import inbox_store

GENERATION = UUID("abcdef00-0000-4000-8000-000000000001")
OTHER = UUID("12345600-0000-4000-8000-000000000002")
PATH = call_path(GENERATION, 0)


@pytest.mark.usefixtures("either_store")
class TestEitherPlace:
    def test_what_was_written_is_read(self):
        write_to_inbox(PATH, b"paid for")

        assert read_from_inbox(PATH) == b"paid for"
        assert is_in_inbox(PATH)
        with open_in_inbox(PATH) as file:
            assert (file.read(4), file.seek(5), file.read()) == (b"paid", 5, b"for")

    def test_a_large_answer_is_kept_whole(self):
        content = os.urandom(1024) * 12_000

        write_to_inbox(PATH, content)

        assert read_from_inbox(PATH) == content

    def test_what_was_there_is_replaced(self):
        write_to_inbox(PATH, b"first")
        write_to_inbox(PATH, b"second")

        assert read_from_inbox(PATH) == b"second"
        assert [folder.files for folder in inbox_store().folders()] == [(PATH,)]

    def test_what_is_not_there_is_told(self):
        assert read_from_inbox(PATH) is None
        assert not is_in_inbox(PATH)
        with pytest.raises(FileNotFoundError):
            open_in_inbox(PATH)
        remove_from_inbox(PATH)
        move_to_quarantine(PATH)
        assert not take_from_quarantine(PATH)

    def test_what_was_removed_is_gone(self):
        write_to_inbox(PATH, b"paid for")

        remove_from_inbox(PATH)

        assert (read_from_inbox(PATH), list(inbox_store().folders())) == (None, [])

    def test_to_quarantine_and_back(self):
        write_to_inbox(PATH, b"paid for")

        move_to_quarantine(PATH)
        assert not is_in_inbox(PATH)
        assert [folder.path for folder in inbox_store().folders()] == [f"quarantine/ab/{GENERATION.hex}"]

        assert take_from_quarantine(PATH)
        assert not take_from_quarantine(PATH)
        assert read_from_inbox(PATH) == b"paid for"
        assert [folder.path for folder in inbox_store().folders()] == [f"ab/{GENERATION.hex}"]

    def test_a_fetched_picture_is_in_quarantine_only(self):
        write_to_quarantine(GENERATION, 3, b"<svg>")

        [folder] = inbox_store().folders()
        assert (folder.is_quarantine, folder.files) == (True, (f"quarantine/ab/{GENERATION.hex}/picture-3.bin",))

    def test_the_folders_tell_what_they_hold_and_since_when(self):
        paths = {
            call_path(GENERATION, 1),
            result_path(GENERATION, 0, "png"),
            input_path(GENERATION, 2, "webp"),
            preview_path(GENERATION, 0, 1, "jpg"),
        }
        before = timezone.now() - timedelta(seconds=2)
        for path in paths:
            write_to_inbox(path, b"x")
        write_to_inbox(call_path(OTHER, 0), b"y")

        folders = {folder.path: folder for folder in inbox_store().folders()}

        assert folders.keys() == {f"ab/{GENERATION.hex}", f"12/{OTHER.hex}"}
        assert set(folders[f"ab/{GENERATION.hex}"].files) == paths
        assert all(before < folder.changed_at < timezone.now() + timedelta(seconds=2) for folder in folders.values())
        assert not any(folder.is_quarantine for folder in folders.values())


def test_the_paths_are_apart():
    paths = [
        call_path(GENERATION, 0),
        result_path(GENERATION, 0, "png"),
        input_path(GENERATION, 0, "png"),
        preview_path(GENERATION, 0, 0, "png"),
        preview_path(GENERATION, 1, 10, "png"),
        preview_path(GENERATION, 11, 0, "png"),
    ]

    assert len(set(paths)) == len(paths)


def test_a_folder_that_was_emptied_goes():
    write_to_inbox(PATH, b"paid for")

    remove_from_inbox(PATH)

    assert not full_path(PATH).parent.exists()


def test_files_are_their_owners(settings):
    write_to_inbox(PATH, b"paid for")

    assert full_path(PATH).stat().st_mode & 0o777 == 0o600


CRASH = """
import os, sys
from pathlib import Path
from src.ai.services.inbox_local import LocalInbox
if sys.argv[3] == "before":
    os.fsync = lambda handle: os._exit(9)
else:
    Path.replace = lambda draft, path: os._exit(9)
LocalInbox(Path(sys.argv[1])).write(sys.argv[2], b"half")
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_between_writing_and_renaming_leaves_what_was_there(settings, moment):
    write_to_inbox(PATH, b"whole")

    arguments = [sys.executable, "-c", CRASH, str(settings.INBOX_DIR), PATH, moment]
    crashed = subprocess.run(arguments, cwd=django_settings.BASE_DIR, capture_output=True, timeout=60)

    assert crashed.returncode == 9, crashed.stderr
    assert read_from_inbox(PATH) == b"whole"
    assert len(list(full_path(PATH).parent.iterdir())) == 2
    write_to_inbox(PATH, b"again")
    assert read_from_inbox(PATH) == b"again"


def test_a_folder_that_goes_while_it_is_written_to_is_made_again(monkeypatch):
    opened, taken = os.open, []

    def open_too_late(path, *how):
        if not taken:
            taken.append(path)
            Path(path).parent.rmdir()
        return opened(path, *how)

    monkeypatch.setattr(os, "open", open_too_late)
    write_to_inbox(PATH, b"paid for")

    assert (read_from_inbox(PATH), len(taken)) == (b"paid for", 1)


SHOW = "from django.conf import settings as s; print(s.STORAGES.get('inbox', {}).get('OPTIONS'))"


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, "None"),
        ({"INBOX_S3_PREFIX": "in"}, "None"),
        ({"MEDIA_S3_BUCKET": "b"}, "None"),
        ({"MEDIA_S3_BUCKET": "b", "INBOX_S3_PREFIX": "/"}, "None"),
        ({"MEDIA_S3_BUCKET": "b", "INBOX_S3_PREFIX": "/in/", "MEDIA_S3_PREFIX": "lib"}, "'location': 'in'"),
    ],
)
def test_it_is_in_the_librarys_bucket_only_where_both_are_set(environment, shown, tmp_path):
    of_this_run = {"MEDIA_S3_BUCKET", "MEDIA_S3_PREFIX", "INBOX_S3_PREFIX", "DATABASE_URL"}
    inherited = {name: value for name, value in os.environ.items() if name not in of_this_run}
    told = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=django_settings.BASE_DIR,
        env=inherited | environment | {"DJANGO_SETTINGS_MODULE": "config.settings", "NEGAREH_VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert shown in told.stdout, told.stderr
    assert ("'bucket_name': 'b'" in told.stdout) is (shown != "None")
    assert ("'file_overwrite': True" in told.stdout) is (shown != "None")
