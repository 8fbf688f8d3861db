import os
from pathlib import Path

import pytest

from src.core.durable import sync_file, write_durably


@pytest.fixture
def synced(monkeypatch):
    """The paths that have been synced to disk, in order."""
    paths: list[Path] = []
    fsync = os.fsync

    def note(handle: int) -> None:
        paths.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    return paths


def test_the_file_holds_the_content_and_is_its_owners(tmp_path):
    path = tmp_path / "a.body"

    write_durably(path, b"paid for")

    assert path.read_bytes() == b"paid for"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_view_of_memory_is_written_too(tmp_path):
    write_durably(tmp_path / "a", memoryview(b"paid for")[:4])

    assert (tmp_path / "a").read_bytes() == b"paid"


def test_an_older_file_is_replaced(tmp_path):
    write_durably(tmp_path / "a", b"old")
    write_durably(tmp_path / "a", b"new")

    assert (tmp_path / "a").read_bytes() == b"new"


def test_the_content_is_synced_before_the_folder(tmp_path, synced):
    write_durably(tmp_path / "a", b"paid for")

    draft, folder = synced
    assert draft.name.startswith(".a.")
    assert folder == tmp_path


def test_folders_made_for_it_are_synced_into_theirs(tmp_path, synced):
    write_durably(tmp_path / "ab" / "abcd" / "a", b"paid for")

    assert set(synced[1:]) == {tmp_path, tmp_path / "ab", tmp_path / "ab" / "abcd"}


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path):
    write_durably(tmp_path / "a", b"old")

    with pytest.raises(TypeError):
        write_durably(tmp_path / "a", "text")

    assert (tmp_path / "a").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_path_that_cannot_be_replaced_is_an_os_error_without_a_draft(tmp_path):
    (tmp_path / "a" / "inside").mkdir(parents=True)

    with pytest.raises(OSError):
        write_durably(tmp_path / "a", b"new")

    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_file_written_by_others_is_synced_with_every_folder_up_to_the_one_that_holds_the_root(tmp_path, synced):
    path = tmp_path / "media" / "originals" / "ab" / "a.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"paid for")

    sync_file(path, root=tmp_path / "media")

    assert synced == [path, path.parent, path.parent.parent, tmp_path / "media", tmp_path]
