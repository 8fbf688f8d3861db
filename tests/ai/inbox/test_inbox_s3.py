"""The inbox in a bucket: what it takes, and what becomes of a file when it takes nothing."""

from uuid import UUID

import pytest
from django.core.files.storage import storages

from src.ai.services.inbox import (
    call_path,
    is_in_inbox,
    move_to_quarantine,
    open_in_inbox,
    read_from_inbox,
    remove_from_inbox,
    sweep_inbox,
    upload_kept,
    write_to_inbox,
)
from src.ai.services.inbox_local import LocalInbox
from src.ai.services.inbox_s3 import S3Inbox
from src.ai.services.inbox_store import inbox_store
from tests.ai.inbox.conftest import PREFIX

GENERATION = UUID("abcdef00-0000-4000-8000-000000000001")
PATH, OTHER_PATH = call_path(GENERATION, 0), call_path(GENERATION, 1)


@pytest.fixture
def down(failing_s3, use_s3) -> str:
    """The service answers 500 from now on."""
    url = f"http://127.0.0.1:{failing_s3.server_address[1]}"
    use_s3(url)
    return url


def keys_in(bucket) -> list[str]:
    return sorted(item.key for item in bucket.objects.all())


def test_a_file_lies_below_the_prefix_and_not_here(bucket, local_files):
    write_to_inbox(PATH, b"paid for")

    assert (keys_in(bucket), local_files()) == ([f"{PREFIX}/{PATH}"], [])


def test_it_is_nobody_elses(bucket):
    write_to_inbox(PATH, b"paid for")

    acl = bucket.Object(f"{PREFIX}/{PATH}").Acl()
    assert [grant["Grantee"].get("ID") for grant in acl.grants] == [acl.owner["ID"]]


def test_what_else_is_in_the_bucket_is_none_of_its(bucket):
    for key in (f"library/{PATH}", f"{PREFIX}/notes.txt", f"{PREFIX}-2/{PATH}", f"{PREFIX}/zz/other/a"):
        bucket.put_object(Key=key, Body=b"x")

    assert list(inbox_store().folders()) == []
    assert not is_in_inbox(PATH)


def test_what_the_service_does_not_take_is_kept_here(bucket, down, local_files, caplog):
    write_to_inbox(PATH, b"paid for")

    assert (keys_in(bucket), local_files()) == ([], [PATH])
    assert "inbox_kept_locally" in caplog.text
    assert (read_from_inbox(PATH), is_in_inbox(PATH)) == (b"paid for", True)
    with open_in_inbox(PATH) as file:
        assert file.read() == b"paid for"


def test_nobody_there_is_as_one_who_fails(bucket, use_s3, upstream, local_files):
    with upstream.refuse_connections() as url:
        use_s3(url)
        write_to_inbox(PATH, b"paid for")

        assert (read_from_inbox(PATH), local_files()) == (b"paid for", [PATH])


def test_a_file_is_safe_here_before_it_goes_to_the_service(down, failing_s3):
    write_to_inbox(PATH, b"paid for")

    assert failing_s3.seen
    assert all(names == ["call-0.body"] for names in failing_s3.seen)


def test_what_was_kept_here_is_found_when_the_service_is_back(bucket, down, use_s3, running_s3):
    write_to_inbox(PATH, b"paid for")
    use_s3(running_s3)
    write_to_inbox(OTHER_PATH, b"the next one")

    assert (read_from_inbox(PATH), is_in_inbox(PATH)) == (b"paid for", True)
    assert [folder.files for folder in inbox_store().folders()] == [(PATH, OTHER_PATH)]


def test_what_was_kept_here_goes_up_when_the_service_is_back(bucket, down, use_s3, running_s3, local_files):
    write_to_inbox(PATH, b"paid for")
    use_s3(running_s3)

    assert upload_kept() == 1
    assert (keys_in(bucket), local_files()) == ([f"{PREFIX}/{PATH}"], [])
    assert (read_from_inbox(PATH), upload_kept()) == (b"paid for", 0)


def test_a_draft_does_not_go_up(bucket, settings, local_files):
    draft = settings.INBOX_DIR / PATH.replace("call-0.body", ".call-0.body.1234abcd")
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")

    assert (upload_kept(), keys_in(bucket), len(local_files())) == (0, [], 1)


def test_the_sweep_takes_it_up(db, bucket, down, use_s3, running_s3, local_files):
    write_to_inbox(PATH, b"paid for")
    use_s3(running_s3)

    sweep_inbox(dry_run=True)
    assert local_files() == [PATH]
    sweep_inbox()
    assert (keys_in(bucket), local_files()) == ([f"{PREFIX}/{PATH}"], [])


@pytest.mark.parametrize("ask", [read_from_inbox, open_in_inbox, is_in_inbox, remove_from_inbox, move_to_quarantine])
def test_a_service_that_fails_is_no_sign_that_a_file_is_gone(down, ask):
    with pytest.raises(OSError, match="S3") as caught:
        ask(PATH)

    assert not isinstance(caught.value, FileNotFoundError)


def test_a_list_that_cannot_be_had_is_no_empty_one(down):
    with pytest.raises(OSError, match="S3"):
        list(inbox_store().folders())


def test_a_full_disk_here_keeps_nothing_from_the_bucket(bucket, settings, tmp_path):
    settings.INBOX_DIR = tmp_path / "a file"
    settings.INBOX_DIR.write_bytes(b"")

    write_to_inbox(PATH, b"paid for")

    assert keys_in(bucket) == [f"{PREFIX}/{PATH}"]


def test_what_neither_takes_is_an_error(down, settings, tmp_path):
    settings.INBOX_DIR = tmp_path / "a file"
    settings.INBOX_DIR.write_bytes(b"")

    with pytest.raises(OSError, match="S3"):
        write_to_inbox(PATH, b"paid for")


def test_a_file_that_goes_up_between_two_looks_is_found(bucket, settings):
    class GoesUp(LocalInbox):
        """The file leaves this machine when the look at the bucket is over."""

        def open(self, path):
            bucket.put_object(Key=f"{PREFIX}/{path}", Body=b"paid for")
            return super().open(path)

        def exists(self, path):
            bucket.put_object(Key=f"{PREFIX}/{path}", Body=b"paid for")
            return super().exists(path)

    store = S3Inbox(storages["inbox"], GoesUp(settings.INBOX_DIR))

    assert store.read(PATH) == b"paid for"
    bucket.objects.delete()
    assert store.exists(PATH)


def test_only_a_bucket_has_anything_to_be_taken_up(local_files):
    write_to_inbox(PATH, b"paid for")

    assert (upload_kept(), local_files()) == (0, [PATH])
