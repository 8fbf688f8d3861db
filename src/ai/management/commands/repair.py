"""Brings to an end what was left behind: answers in quarantine are read again, and jobs that nobody runs are run."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from src.ai.models import Charged, ImageGeneration
from src.ai.services.job_repair import find_late_answers, read_quarantine_again
from src.ai.services.job_runner import run_all
from src.core.channel import through_command


class Command(BaseCommand):
    help = "Read the answers in quarantine again, and bring every job that nobody runs to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep-quarantine", action="store_true", help="Leave the answers in quarantine alone.")

    def handle(self, *args: Any, **options: Any) -> None:
        with through_command():
            reopened = [] if options["keep_quarantine"] else list(read_quarantine_again())
            ended = asyncio.run(_run())
            unclear = ImageGeneration.objects.filter(charged=Charged.UNKNOWN, finished_at__isnull=False).count()
            self.stdout.write(
                f"read again: {len(reopened)} jobs with answers in quarantine; ran: {ended} jobs; "
                f"still unclear: {unclear}"
            )


async def _run() -> int:
    await find_late_answers()
    return await run_all()
