"""Prints the provider table of the README."""

from typing import Any

from django.core.management.base import BaseCommand

from src.ai.services.provider_table import provider_table


class Command(BaseCommand):
    help = "Print the provider table that the README holds."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(provider_table())
