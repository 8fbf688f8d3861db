"""Gives the keyring a new key and seals every stored key with it, while the server runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from src.ai.services.key_rotation import GRACE_S, RotationRefused, rotate_keys
from src.core.errors import Misconfigured


class Command(BaseCommand):
    help = (
        "Give the keyring a new key and seal every stored key with it; the server may run. Safe to run again, also "
        "after an interruption. Every process must read the same keyring file. Keep the old file with older backups."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--grace", type=float, default=GRACE_S, help="Seconds to wait for requests that are storing a key."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = rotate_keys(grace_s=options["grace"])
        except RotationRefused as exc:
            raise CommandError(str(exc)) from exc
        except Misconfigured as exc:
            raise CommandError("The keyring file is missing or is no keyring; nothing was changed.") from exc
        for label in report.left:
            self.stderr.write(f"left as it is, cannot be opened: {label}")
        self.stdout.write(f"keys sealed anew: {report.resealed}, old ring keys removed: {report.removed_ring_keys}")
