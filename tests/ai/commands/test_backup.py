"""Backup and restore on the database of the test run: what comes back, what never goes in, what is refused."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from config.asgi import CannotStart, take_single_process_lock
from src.ai.management.commands.restore import _no_server
from src.core.backup import writing
from tests.ai.commands.conftest import Installation

STORE_KEY = """
from src.ai.services.stored_keys import store_key
from src.core.secret import Secret
openai = AIProvider.objects.get(slug="openai")
store_key(openai, Secret("sk-test-to-be-kept"), openai)
openai.save()
"""
OPENED = (
    "__import__('src.ai.services.stored_keys').ai.services.stored_keys.open_key("
    "*[AIProvider.objects.get(slug='openai')] * 2).reveal()"
)
ASSETS = "sorted(f'{asset.file_name} {asset.sha256}' for asset in MediaAsset.objects.all())"


@pytest.fixture(scope="module")
def database_url() -> Iterator[Callable[[], dict[str, str]]]:
    """The environment of a fresh, empty database of the test run's vendor; dropped in the end."""
    made: list[str] = []
    if connection.vendor != "postgresql":
        yield dict
        return
    settings = connection.settings_dict
    place = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    password = settings["PASSWORD"]
    server = psycopg.connect(**place, password=password or None, dbname="postgres", autocommit=True)

    def make() -> dict[str, str]:
        name = f"scratch_{uuid4().hex[:12]}"
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made.append(name)
        sign_in = f"{place['user']}:{password}" if password else place["user"]
        return {"DATABASE_URL": f"postgres://{sign_in}@{place['host']}:{place['port']}/{name}"}

    yield make
    for name in made:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    server.close()


@pytest.fixture(scope="module")
def origin(tmp_path_factory, database_url) -> Installation:
    """Two pictures in the library, one in the inbox, a stored key."""
    made = Installation(tmp_path_factory.mktemp("origin") / "var", **database_url())
    made.run("set_up")
    made.run("shell", "-v0", "-c", STORE_KEY)
    made.run("generate_image", "two cats", "--model", "sandbox/canvas", "--n", "2")
    made.run("generate_image", "a dog", "--model", "sandbox/canvas", "--no-save")
    renditions = made.folder / "media" / "renditions"
    renditions.mkdir()
    (renditions / "small.webp").write_bytes(b"RIFF")
    (made.folder / "media" / ".draft").write_bytes(b"half")
    return made


@pytest.fixture(scope="module")
def archive(origin, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "b.tar.gz"
    origin.said_at_backup = origin.run("backup", str(path))
    return path


@pytest.fixture
def fresh(tmp_path, database_url) -> Installation:
    made = Installation(tmp_path / "fresh" / "var", **database_url())
    made.folder.mkdir(parents=True)
    return made


def names_in(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def manifest_of(archive: Path) -> dict:
    with tarfile.open(archive) as tar:
        return json.load(tar.extractfile("manifest.json"))


def repacked(archive: Path, target: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> Path:
    """The archive with other members; the manifest is what `change` makes of it."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for member in old:
            for name, content in change(member.name, old.extractfile(member).read()):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
    return target


def test_what_comes_back_is_what_was_there(origin, archive, fresh):
    shutil.copy(origin.folder / "keyring.json", fresh.folder)

    said = fresh.run("restore", str(archive))

    assert fresh.ask(ASSETS) == origin.ask(ASSETS) != "[]"
    for entry in json.loads(fresh.ask(ASSETS).replace("'", '"')):
        name, sha256 = entry.split()
        assert hashlib.sha256((fresh.folder / "media" / name).read_bytes()).hexdigest() == sha256
    assert fresh.ask("GenerationOutput.objects.exclude(inbox_path='').count()") == "1"
    inbox = fresh.ask("GenerationOutput.objects.exclude(inbox_path='').get().inbox_path")
    assert (fresh.folder / "inbox" / inbox).read_bytes() == (origin.folder / "inbox" / inbox).read_bytes()
    assert fresh.ask(OPENED) == "sk-test-to-be-kept"
    assert "opens: 1, that it does not: 0" in said
    assert fresh.ask("Rendition.objects.count()") == "0"
    assert origin.ask("AuditEntry.objects.filter(action='backup.made').get().channel") == "command"
    assert fresh.ask("AuditEntry.objects.first().action") == "backup.restored"


def test_without_its_keyring_the_keys_stay_closed_and_are_named(archive, fresh):
    done = fresh.try_to_run("restore", str(archive))

    assert done.returncode == 0, done.stderr
    assert "opens: 0, that it does not: 1" in done.stdout
    assert "cannot be opened: shared key of openai" in done.stderr


def test_no_secret_goes_in(origin, archive):
    ring = json.loads((origin.folder / "keyring.json").read_text())
    with tarfile.open(archive) as tar:
        contents = b"".join(tar.extractfile(member).read() for member in tar)

    for secret in (*ring["sealing"].values(), ring["fingerprint"], (origin.folder / "secret_key").read_text().strip()):
        assert secret.encode() not in contents
    assert not any("keyring" in name or "secret" in name for name in names_in(archive))
    assert manifest_of(archive)["keyring_key_ids"] == [ring["current"]]
    assert f"its keys {ring['current']} open" in origin.said_at_backup


def test_renditions_and_drafts_are_left_out(archive):
    assert not any("renditions" in name or "draft" in name for name in names_in(archive))


def test_the_manifest_comes_last_and_names_all_the_rest(archive):
    names = names_in(archive)

    assert names[-1] == "manifest.json"
    assert set(names[:-1]) == set(manifest_of(archive)["files"])
    assert manifest_of(archive)["migrations"]["ai"][0] == "0001_initial"


def test_only_its_owner_can_read_the_archive_and_no_draft_stays(archive):
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_without_gz_the_archive_is_not_compressed(origin, tmp_path):
    origin.run("backup", str(tmp_path / "b.tar"))

    with tarfile.open(tmp_path / "b.tar", "r:") as tar:
        assert tar.getnames()[-1] == "manifest.json"


def test_an_archive_is_not_overwritten(origin, archive):
    before = archive.read_bytes()

    assert "exists" in origin.try_to_run("backup", str(archive)).stderr
    assert archive.read_bytes() == before


def test_an_installation_in_use_is_not_overwritten(origin, archive):
    before = origin.ask(ASSETS)
    done = origin.try_to_run("restore", str(archive))

    assert done.returncode == 1 and "holds people already" in done.stderr
    assert origin.ask(ASSETS) == before


def test_force_replaces_what_is_there(origin, archive, fresh):
    fresh.run("set_up")
    fresh.run("shell", "-v0", "-c", "User.objects.create_user('newcomer')")

    fresh.run("restore", str(archive), "--force")

    assert fresh.ask("User.objects.filter(username='newcomer').exists()") == "False"
    assert fresh.ask(ASSETS) == origin.ask(ASSETS)


def test_pictures_without_people_are_not_mixed_with_others(archive, fresh):
    (fresh.folder / "media").mkdir(exist_ok=True)
    (fresh.folder / "media" / "x.png").touch()

    assert "holds files already" in fresh.try_to_run("restore", str(archive)).stderr


CHANGED = {
    "flipped": lambda name, content: [(name, content[::-1] if name.startswith("media/") else content)],
    "missing": lambda name, content: [] if name.startswith("inbox/") else [(name, content)],
    "added": lambda name, content: [(name, content), *([("media/more.png", b"x")] if "manifest" in name else [])],
    "absolute": lambda name, content: [("/media/x" if name.startswith("media/") else name, content)],
    "climbing": lambda name, content: [("media/../../x" if name.startswith("media/") else name, content)],
    "stranger": lambda name, content: [(name, content), *([("keyring.json", b"x")] if "manifest" in name else [])],
    "no manifest": lambda name, content: [] if "manifest" in name else [(name, content)],
    "other vendor": lambda name, content: [(name, content.replace(b'_vendor": "', b'_vendor": "my'))],
    "later": lambda name, content: [
        (name, content.replace(b'"0001_initial"', b'"0999_later"') if "manifest" in name else content)
    ],
    "nonsense": lambda name, content: [(name, b"{}" if "manifest" in name else content)],
}


@pytest.mark.parametrize("change", CHANGED)
def test_an_archive_that_is_not_as_it_was_written_changes_nothing(archive, fresh, tmp_path, change):
    bad = repacked(archive, tmp_path / "bad.tar", CHANGED[change])

    done = fresh.try_to_run("restore", str(bad))

    assert done.returncode == 1 and done.stderr.startswith("CommandError: "), done.stderr
    assert not any(path.is_file() for path in (fresh.folder / "media").rglob("*"))
    assert not list(fresh.folder.glob("restore-*"))
    assert fresh.ask("__import__('django').db.connection.introspection.table_names()") == "[]"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(fresh, tmp_path, kind):
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        entry = tarfile.TarInfo("media/x")
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)

    assert "which no backup holds" in fresh.try_to_run("restore", str(tmp_path / "bad.tar")).stderr


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_cut_archive_is_refused(archive, fresh, tmp_path, cut):
    content = archive.read_bytes()
    (tmp_path / "cut.tar").write_bytes(content[: int(len(content) * cut)])

    done = fresh.try_to_run("restore", str(tmp_path / "cut.tar"))

    assert done.returncode == 1 and done.stderr.startswith("CommandError: "), done.stderr


def test_a_file_that_is_gone_when_its_turn_comes_is_skipped_and_counted(origin, tmp_path):
    gone = origin.folder / "media" / "gone.png"
    gone.symlink_to(tmp_path / "nowhere")
    try:
        said = origin.run("backup", str(tmp_path / "b.tar"))
    finally:
        gone.unlink()

    assert "1 deleted meanwhile and skipped" in said


def test_pictures_in_an_object_store_are_said_to_be_missing(origin, tmp_path):
    environment = {"MEDIA_S3_BUCKET": "pictures", "MEDIA_S3_REGION": "eu-central-1"}
    elsewhere = Installation(origin.folder, **{**environment, **with_database(origin)})

    said = elsewhere.run("backup", str(tmp_path / "b.tar"))

    assert "back the bucket up too" in said
    assert manifest_of(tmp_path / "b.tar")["media"] == "not_included"
    assert not any(name.startswith("media/") for name in names_in(tmp_path / "b.tar"))


def with_database(installation: Installation) -> dict[str, str]:
    return {name: installation.environment[name] for name in ("DATABASE_URL",) if name in installation.environment}


@pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="PostgreSQL's tools are for PostgreSQL")
@pytest.mark.parametrize(
    ("script", "said"),
    [(None, "pg_dump is not installed"), ("echo 'pg_dump (PostgreSQL) 9.6.1'", "pg_dump is version 9")],
)
def test_missing_or_older_tools_are_named(origin, tmp_path, script, said):
    if script:
        (tmp_path / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "pg_dump").chmod(0o755)
    poor = Installation(origin.folder, PATH=f"{tmp_path}:/bin" if script else str(tmp_path), **with_database(origin))

    assert said in poor.try_to_run("backup", str(tmp_path / "b.tar")).stderr
    assert not (tmp_path / "b.tar").exists() and not (tmp_path / "b.tar.part").exists()


def test_a_picture_that_leaves_the_inbox_while_the_archive_is_written_is_in_it(db, tmp_path, monkeypatch):
    inbox = tmp_path / "inbox"
    (inbox / "aa").mkdir(parents=True)
    (inbox / "aa" / "result-0.png").write_bytes(b"paid for")

    def dump_while_it_leaves(target: Path) -> None:
        target.write_bytes(b"a dump")
        (inbox / "aa" / "result-0.png").unlink()
        (inbox / "aa" / "gone.png").unlink()
        (inbox / "aa" / "result-1.png").write_bytes(b"paid for meanwhile")

    monkeypatch.setattr(writing, "dump_database", dump_while_it_leaves)
    (inbox / "aa" / "gone.png").symlink_to(tmp_path / "nowhere")

    found = writing.write_backup(
        target=tmp_path / "b.tar",
        folders=[writing.Folder("inbox", inbox, is_emptied=True)],
        keyring_key_ids=[],
        media="included",
    )

    assert set(names_in(tmp_path / "b.tar")) >= {"inbox/aa/result-0.png", "inbox/aa/result-1.png"}
    assert found.skipped == 1


def test_no_server_starts_while_a_backup_is_brought_back(settings, tmp_path):
    settings.VAR_DIR = tmp_path

    with _no_server(), pytest.raises(CannotStart):
        take_single_process_lock(tmp_path / "server.lock")
    take_single_process_lock(tmp_path / "server.lock").close()
