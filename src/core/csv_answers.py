"""CSV that spreadsheets read as it is meant: marked as UTF-8, and nothing in it calculated."""

import csv
from collections.abc import AsyncIterator, Iterable
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def csv_start(columns: Iterable[str]) -> bytes:
    """Byte order mark and heading."""
    return (BYTE_ORDER_MARK + csv_lines([columns])).encode()


def safe_cell(text: str) -> str:
    """Text that a spreadsheet does not calculate."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def answer_with_csv(pieces: AsyncIterator[bytes], *, filename: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)
