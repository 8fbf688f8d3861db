"""Fills in the providers and models of the catalogue; safe to run again, an operator's changes stay."""

from typing import Any

from django.core.management.base import BaseCommand

from src.ai.services.catalogue import populate_catalogue


class Command(BaseCommand):
    help = "Fill in the known providers and models. Safe to run again: what an operator changed stays."

    def handle(self, *args: Any, **options: Any) -> None:
        report = populate_catalogue()
        for title, labels in (
            ("created", report.created),
            ("updated", report.updated),
            ("kept as an operator has it", report.kept),
        ):
            for label in labels if options["verbosity"] > 1 else []:
                self.stdout.write(f"{title}: {label}")
        self.stdout.write(
            f"created {len(report.created)}, updated {len(report.updated)}, "
            f"unchanged {report.unchanged}, operator's fields kept {len(report.kept)}"
        )
