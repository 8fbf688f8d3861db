"""Writes database, originals and inbox into one archive, while the server runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from src.ai.commands.backup_contents import MEDIA, folders_to_keep, media_is_local
from src.ai.services.key_rotation import ring_keys_in_use
from src.core.audit import record
from src.core.backup import BackupRefused
from src.core.backup.writing import write_backup
from src.core.channel import through_command


class Command(BaseCommand):
    help = (
        "Write database, originals and inbox into one archive; the server may run. Smaller copies of pictures are "
        "left out (they are made again), and so are the keyring and SECRET_KEY: keep the keyring elsewhere."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="FILE.tar, or FILE.tar.gz to compress.")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"]
        ids = sorted(ring_keys_in_use())
        media = "included" if media_is_local() else "not_included"
        try:
            found = write_backup(target=target, folders=folders_to_keep(), keyring_key_ids=ids, media=media)
        except BackupRefused as exc:
            raise CommandError(str(exc)) from exc
        except OSError as exc:
            raise CommandError(f"{target} was not written: {exc.strerror}.") from exc
        with through_command(), transaction.atomic():
            record("backup.made", actor=None, object_type="backup", object_id=target.name[-64:])
        pictures = sum(name.startswith(f"{MEDIA}/") for name in found.files)
        inbox = len(found.files) - pictures - 1
        self.stdout.write(
            f"{target}: database ({found.database_vendor}), {pictures} originals, {inbox} files of the inbox, "
            f"{found.skipped} deleted meanwhile and skipped, {target.stat().st_size} bytes"
        )
        if media == "not_included":
            self.stdout.write("The pictures lie in an object store and are not in the archive: back the bucket up too.")
        if ids:
            self.stdout.write(
                f"The keyring is not in the archive. Keep it elsewhere: its keys {', '.join(ids)} open the stored keys."
            )
