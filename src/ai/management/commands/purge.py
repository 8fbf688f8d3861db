"""Removes for good what is kept for a time only and is past it."""

from typing import Any

from django.core.management.base import BaseCommand

from src.accounts.services.old_invitations import purge_invitations
from src.ai.services.inbox import sweep_inbox
from src.media.services.trash import purge_trash


class Command(BaseCommand):
    help = (
        "Remove for good: pictures 30 days in the trash, pictures nobody saved for 24 hours, quarantined answers and "
        "ended invitations after 30 days. The server removes pictures and answers hourly."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run: bool = options["dry_run"]
        trash = purge_trash(dry_run=dry_run)
        inbox = sweep_inbox(dry_run=dry_run)
        invitations = purge_invitations(dry_run=dry_run)
        self.stdout.write(
            f"{'would remove' if dry_run else 'removed'}: {trash.assets} pictures of the trash ({trash.bytes} bytes), "
            f"{inbox['results']} unsaved pictures, {inbox['quarantined']} quarantined answers, "
            f"leftovers of {inbox['leftovers']} generations, "
            f"{invitations} invitations"
        )
