"""The audit table as CSV, read and sent piece by piece."""

import csv
import json
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from src.accounts.models import AuditEntry, User
from src.core import db
from src.core.audit import record

ROWS_PER_PIECE = 500
BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    "id",
    "created_at",
    "actor_id",
    "actor_name",
    "channel",
    "token_name",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
    "request_id",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@transaction.atomic
def export_audit(*, rows: QuerySet[AuditEntry], filters: dict[str, str], actor: User) -> AsyncIterator[bytes]:
    """UTF-8 with a byte order mark, newest first. The export is itself an entry, which it does not hold."""
    newest = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first()
    record("audit.exported", actor=actor, object_type="audit", object_id="", after={"filters": filters})
    return _pieces(rows.order_by("-id"), below=(newest or 0) + 1)


async def _pieces(rows: QuerySet[AuditEntry], *, below: int) -> AsyncIterator[bytes]:
    yield (BYTE_ORDER_MARK + _lines([COLUMNS])).encode()
    while found := await db.run(_read, rows=rows, below=below):
        yield _lines([[_cell(entry, name) for name in COLUMNS] for entry in found]).encode()
        below = found[-1].pk


def _read(*, rows: QuerySet[AuditEntry], below: int) -> list[AuditEntry]:
    return list(rows.filter(id__lt=below)[:ROWS_PER_PIECE])


def _lines(rows: Any) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(entry: AuditEntry, name: str) -> str:
    value = getattr(entry, name)
    if value is None:
        return ""
    if name == "created_at":
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else str(value)
    # A spreadsheet would calculate what begins like this.
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
