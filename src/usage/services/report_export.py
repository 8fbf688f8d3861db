"""A report as CSV, sent piece by piece."""

from collections.abc import AsyncIterator

from src.core.csv_answers import csv_lines, csv_start, safe_cell
from src.usage.services.report import Report

ROWS_PER_PIECE = 500
TEXTS = ("key", "label")
NUMBERS = ("requests", "images", "cost_micros", "unpriced_images", "held_images", "held_micros")


async def export_report(report: Report) -> AsyncIterator[bytes]:
    """UTF-8 with a byte order mark; the rows without the totals. An unknown amount is an empty cell."""
    yield csv_start((*TEXTS, *NUMBERS))
    cells = [
        [*(safe_cell(getattr(row, name)) for name in TEXTS), *(getattr(row, name) for name in NUMBERS)]
        for row in report.rows
    ]
    for start in range(0, len(cells), ROWS_PER_PIECE):
        yield csv_lines(cells[start : start + ROWS_PER_PIECE]).encode()
