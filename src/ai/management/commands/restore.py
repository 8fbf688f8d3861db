"""Brings a backup back into an empty installation."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from src.accounts.models import User
from src.ai.commands.backup_contents import INBOX, MEDIA, media_is_local, try_stored_keys
from src.core.audit import record
from src.core.backup import BackupRefused
from src.core.backup.database import MEMBERS, holds_rows, load_database, require_sound
from src.core.backup.manifest import Manifest, require_known_migrations
from src.core.backup.reading import move_into_place, unpack
from src.core.channel import through_command
from src.media.models import Rendition


class Command(BaseCommand):
    help = (
        "Bring a backup back. The archive is checked whole before anything is changed; the server must not run. "
        "Refuses where people or pictures are already, unless --force is given."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="Replace the database; files of the archive replace those of one name."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _no_server():
                if not options["force"]:
                    _require_empty()
                with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix="restore-") as folder:
                    self._restore(options["file"], Path(folder))
                self._report_keys()
        except BackupRefused as exc:
            raise CommandError(str(exc)) from exc

    def _restore(self, source: Path, stage: Path) -> None:
        found = unpack(source=source, stage=stage, folders=(MEDIA, INBOX))
        dump = stage / MEMBERS[found.database_vendor]
        require_sound(dump, found.database_vendor)
        require_known_migrations(found.migrations)
        if found.media == "included" and not media_is_local():
            raise BackupRefused("The archive holds pictures for a local disk, and MEDIA_S3_BUCKET is set.")
        load_database(dump)
        call_command("migrate", verbosity=0)
        with through_command(), transaction.atomic():
            facts = {"made_at": found.created_at}
            record("backup.restored", actor=None, object_type="backup", object_id=source.name[-64:], after=facts)
        pictures = move_into_place(stage / MEDIA, Path(settings.MEDIA_ROOT))
        inbox = move_into_place(stage / INBOX, Path(settings.INBOX_DIR))
        self.stdout.write(f"restored the database of {found.created_at}, {pictures} originals, {inbox} inbox files")
        self._tell_of_files(found)

    def _tell_of_files(self, found: Manifest) -> None:
        if found.media == "included":
            # Their files are not in the archive; the next request for one makes it again.
            Rendition.objects.all().delete()
        else:
            self.stdout.write("The archive holds no pictures: they lie in the object store of the installation.")

    def _report_keys(self) -> None:
        report = try_stored_keys()
        self.stdout.write(
            f"stored keys that the keyring opens: {report.opened}, that it does not: {len(report.closed)}"
        )
        for label in report.closed:
            self.stderr.write(f"cannot be opened: {label}")
        if report.closed:
            self.stderr.write(
                f"Put the keyring of that installation at {settings.KEYRING_FILE}, or enter the keys anew."
            )
        connection.close()


def _require_empty() -> None:
    if holds_rows(User):
        raise BackupRefused("The database holds people already; --force replaces all it holds.")
    media = Path(settings.MEDIA_ROOT)
    if media_is_local() and any(path.is_file() for path in media.rglob("*")):
        raise BackupRefused(f"{media} holds files already; --force adds those of the archive.")


@contextmanager
def _no_server() -> Iterator[None]:
    """None runs, and none starts meanwhile, as far as can be told: a server without Redis holds this lock."""
    path = Path(settings.VAR_DIR) / "server.lock"
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise BackupRefused("The server runs: stop it first.") from exc
        yield
