"""The audit table as CSV, read and sent piece by piece."""

import json
from collections.abc import AsyncIterator

from django.db import transaction
from django.db.models import QuerySet

from src.accounts.models import AuditEntry, User
from src.core import db
from src.core.audit import record
from src.core.csv_answers import csv_lines, csv_start, safe_cell

ROWS_PER_PIECE = 500
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


@transaction.atomic
def export_audit(*, rows: QuerySet[AuditEntry], filters: dict[str, str], actor: User) -> AsyncIterator[bytes]:
    """UTF-8 with a byte order mark, newest first. The export is itself an entry, which it does not hold."""
    newest = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first()
    record("audit.exported", actor=actor, object_type="audit", object_id="", after={"filters": filters})
    return _pieces(rows.order_by("-id"), below=(newest or 0) + 1)


async def _pieces(rows: QuerySet[AuditEntry], *, below: int) -> AsyncIterator[bytes]:
    yield csv_start(COLUMNS)
    while found := await db.run(_read, rows=rows, below=below):
        yield csv_lines([[_cell(entry, name) for name in COLUMNS] for entry in found]).encode()
        below = found[-1].pk


def _read(*, rows: QuerySet[AuditEntry], below: int) -> list[AuditEntry]:
    return list(rows.filter(id__lt=below)[:ROWS_PER_PIECE])


def _cell(entry: AuditEntry, name: str) -> str:
    value = getattr(entry, name)
    if value is None:
        return ""
    if name == "created_at":
        return value.isoformat()
    return safe_cell(json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else str(value))
