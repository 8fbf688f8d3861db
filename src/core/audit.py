"""The way into the audit table, for apps that must not know the one that keeps it.

`accounts` registers the writer. An entry is written in the act's own transaction, so that neither is there alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """`action` as `provider_key.set`; `actor` a user, or None where nobody asked (a sweep, a refused key).

    `before` and `after` hold only what changed, and never a secret.
    """

    action: str
    actor: Any | None
    object_type: str
    object_id: str
    object_label: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


_writer: Callable[[AuditRecord], None] | None = None


def register_writer(writer: Callable[[AuditRecord], None]) -> None:
    global _writer
    _writer = writer


def record(
    action: str,
    *,
    actor: Any | None,
    object_type: str,
    object_id: Any,
    object_label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry. Raises TransactionManagementError outside a transaction."""
    if _writer is None:
        raise ImproperlyConfigured("no app keeps the audit table")
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an audit entry belongs into the act's transaction")
    _writer(
        AuditRecord(
            action=action,
            actor=actor,
            object_type=object_type,
            object_id=str(object_id),
            object_label=object_label,
            before=before or {},
            after=after or {},
        )
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without what is alike in them."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}
