"""Brings models in line with the services' own lists."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from src.ai.commands.generation_outcome import describe_error
from src.ai.models import AIProvider
from src.ai.services.model_sync import SyncReport, sync_models
from src.core.channel import through_command
from src.core.errors import AppError


class Command(BaseCommand):
    help = "Read each active provider's own list of models, and add, update and mark models by it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", help="One provider's slug, active or not.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"), through_command():
            failed = [
                provider.slug
                for provider in _providers(options["provider"])
                if not self._sync(provider, dry_run=options["dry_run"])
            ]
        if failed:
            raise CommandError(f"Not read: {', '.join(failed)}.")

    def _sync(self, provider: AIProvider, *, dry_run: bool) -> bool:
        try:
            report = sync_models(provider_id=provider.pk, actor=None, dry_run=dry_run)
        except AppError as exc:
            self.stderr.write(f"{provider.slug}: {describe_error(exc)}")
            return False
        self.stdout.write("\n".join(_lines(report)))
        return True


def _providers(slug: str | None) -> list[AIProvider]:
    if slug is None:
        return list(AIProvider.objects.active())
    found = list(AIProvider.objects.filter(slug=slug))
    if not found:
        raise CommandError(f"There is no provider {slug}.")
    return found


def _lines(report: SyncReport) -> list[str]:
    would = " (dry run: nothing was written)" if report.dry_run else ""
    head = f"{report.provider}: {report.listed} listed, {report.unchanged} unchanged{would}"
    return [
        head,
        *(f"  created   {model_id}" for model_id in report.created),
        *(f"  updated   {each['model_id']}: {', '.join(each['fields_changed'])}" for each in report.updated),
        *(f"  returned  {model_id}" for model_id in report.returned),
        *(f"  vanished  {model_id}" for model_id in report.vanished),
        *(f"  ends      {each['model_id']} on {each['shutdown_date']}{_instead(each)}" for each in report.ending),
        *(f"  kept      {each['model_id']}.{each['field']}" for each in report.kept),
    ]


def _instead(ending: dict[str, Any]) -> str:
    return f", replaced by {ending['replacement']}" if ending["replacement"] else ""
