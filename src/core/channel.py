"""Which way an act came in: a browser session, an API token, a command, or nobody at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    COMMAND = "command"
    SYSTEM = "system"


@dataclass(frozen=True)
class Origin:
    """`token_name` only where the channel is a token."""

    channel: Channel
    token_name: str = ""


SYSTEM = Origin(Channel.SYSTEM)
_origin: ContextVar[Origin] = ContextVar("origin", default=SYSTEM)


def current_origin() -> Origin:
    return _origin.get()


def begin_web_request() -> None:
    """A browser's, until a token says otherwise. What a former request on this thread left is forgotten."""
    _origin.set(Origin(Channel.SESSION))


def came_with_token(name: str) -> None:
    _origin.set(Origin(Channel.TOKEN, name))


def end_web_request() -> None:
    _origin.set(SYSTEM)


@contextmanager
def through_command() -> Iterator[None]:
    """What a management command does inside is recorded as done by command."""
    before = _origin.set(Origin(Channel.COMMAND))
    try:
        yield
    finally:
        _origin.reset(before)
