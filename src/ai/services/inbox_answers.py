"""A paid answer as one file that says itself what it is: a line of JSON, then the body's bytes as received."""

from uuid import UUID

import msgspec
import structlog

from src.ai.providers.contract import Received
from src.ai.services.inbox_paths import call_path
from src.ai.services.inbox_store import inbox_store

log = structlog.get_logger("negareh.inbox")


class AnswerHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content_type: str
    upstream_request_id: str
    call_index: int
    context: str


def write_answer(*, generation_id: UUID, received: Received, attempt: int = 1) -> str:
    """Its path in the inbox, where it is durable when this returns. Raises OSError."""
    path = call_path(generation_id, received.call_index, attempt)
    head = AnswerHead(
        content_type=received.content_type,
        upstream_request_id=received.upstream_request_id,
        call_index=received.call_index,
        context=received.context,
    )
    inbox_store().write(path, b"\n".join((msgspec.json.encode(head), received.body)))
    return path


def read_answer(path: str) -> Received | None:
    """None if it is not there, or is nothing that `write_answer` wrote, which stays where it is. Raises OSError."""
    content = inbox_store().read(path)
    if content is None:
        return None
    line, _newline, body = content.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=AnswerHead)
    except (msgspec.DecodeError, UnicodeDecodeError):
        log.error("inbox_answer_unreadable", path=path)
        return None
    return Received(
        body=body,
        content_type=head.content_type,
        upstream_request_id=head.upstream_request_id,
        call_index=head.call_index,
        context=head.context,
    )
