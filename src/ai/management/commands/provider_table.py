"""Prints the provider tables of the documents."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from src.ai.services.provider_table import feature_matrix, provider_table


class Command(BaseCommand):
    help = "Print the provider table that the README holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--features", action="store_true", help="The one of docs/providers.md instead.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(feature_matrix() if options["features"] else provider_table())
