"""Checks the ledger."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from src.usage.services.verification import Difference, Verification, verify_ledger

COLUMNS = ("kind", "scope", "period", "unit", "counter", "ledger", "generation")


class Command(BaseCommand):
    help = "Look after the ledger. `verify` works out every counter anew and names each difference; it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="Compare the counters with the ledger; exit code 1 if they differ.")
        verify.add_argument("--json", action="store_true", help="Write one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify_ledger()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found)))
        elif found.differences:
            self.stdout.write("\n".join(_table(found.differences)))
        else:
            self.stdout.write(f"{found.counters} counters, {found.entries} entries: no difference")
        if found.differences:
            raise CommandError(f"{len(found.differences)} differences.")


def _as_json(found: Verification) -> dict[str, Any]:
    differences = [dict(zip(COLUMNS, _cells(each), strict=True)) for each in found.differences]
    return {"counters": found.counters, "entries": found.entries, "differences": differences}


def _cells(difference: Difference) -> tuple[Any, ...]:
    scope = f"{difference.scope.kind}:{difference.scope.id}"
    amounts = (difference.unit, difference.counted, difference.booked)
    return (difference.kind, scope, difference.period, *amounts, difference.generation_id)


def _table(differences: tuple[Difference, ...]) -> list[str]:
    rows = [COLUMNS, *(tuple("" if cell is None else str(cell) for cell in _cells(each)) for each in differences)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
