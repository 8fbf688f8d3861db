"""Removes what is past its time in the inbox."""

from typing import Any

from django.core.management.base import BaseCommand

from src.ai.services.inbox import sweep_inbox


class Command(BaseCommand):
    help = (
        "Remove unsaved pictures after 24 hours, what ended generations left in the inbox after 24 hours, and "
        "quarantined answers after 30 days (the server does so hourly)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        removed = sweep_inbox()
        self.stdout.write(
            f"removed {removed['results']} pictures, {removed['quarantined']} quarantined answers, leftovers of "
            f"{removed['leftovers']} generations"
        )
