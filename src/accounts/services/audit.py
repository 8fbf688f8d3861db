"""Writing the audit table, for `core.audit`."""

from collections.abc import Mapping
from typing import Any

import structlog

from src.accounts.models import AuditEntry
from src.core.audit import AuditRecord
from src.core.channel import SYSTEM, Channel, Origin, current_origin
from src.core.log import KEY_SHAPES
from src.core.request_log import current_request_id

log = structlog.get_logger("negareh.audit")

LABEL_MAX_CHARS = 200


def write_audit_entry(record: AuditRecord) -> None:
    """What looks like a key is struck out: a last guard, since no caller hands one in."""
    actor, origin = record.actor, _origin_of(record)
    AuditEntry.objects.create(
        actor_id=actor.pk if actor is not None else None,
        actor_name=actor.get_username() if actor is not None else "",
        channel=origin.channel,
        token_name=_without_keys(origin.token_name),
        action=record.action,
        object_type=record.object_type,
        object_id=_without_keys(record.object_id),
        object_label=_without_keys(record.object_label)[:LABEL_MAX_CHARS],
        before=_without_keys(record.before),
        after=_without_keys(record.after),
        request_id=current_request_id() if origin.channel in (Channel.SESSION, Channel.TOKEN) else "",
    )


def _origin_of(record: AuditRecord) -> Origin:
    """What nobody asked for is the system's doing, also where it happened while somebody's request was served."""
    origin = current_origin()
    return origin if record.actor is not None or origin.channel == Channel.COMMAND else SYSTEM


def _without_keys(value: Any) -> Any:
    if isinstance(value, str):
        plain, count = KEY_SHAPES.subn("[key]", value)
        if count:
            log.error("key_kept_out_of_audit")
        return plain
    if isinstance(value, Mapping):
        return {_without_keys(name): _without_keys(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_keys(inner) for inner in value]
    return value
