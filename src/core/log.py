"""Structured logs on standard output, with anything that looks like a key struck out."""

import logging
import logging.config
import re
from collections.abc import Mapping
from typing import Any

import structlog

KEY_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(sk-[A-Za-z0-9_-]{8,}|AIza[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{8,}|gsk_[A-Za-z0-9]{8,}|ng[ri]_[A-Za-z0-9]{20,}"
    r"|whsec_[A-Za-z0-9+/=]{20,}|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,})"
)


def strike_out_keys(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A net under the rule that keys are not logged at all."""
    return {name: struck_out(value) for name, value in event.items()}


def struck_out(value: Any) -> Any:
    """The value as it may be written; what a renderer would write by its `repr` is made text here."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {struck_out(name): struck_out(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [struck_out(inner) for inner in value]
    return KEY_SHAPES.sub("[key]", value if isinstance(value, str) else repr(value))


def configure(options: dict[str, str]) -> None:
    """Called by Django with settings.LOGGING: {"level", "format": "json" or "console"}."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if options["format"] == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder(allow=())],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            strike_out_keys,
            renderer,
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"structured": formatter},
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "structured",
                }
            },
            "root": {"handlers": ["stdout"], "level": options["level"]},
            "loggers": {
                "uvicorn.access": {"level": "WARNING"},
                # Django logs every 4xx and 5xx again, with the request object; ours says what is needed.
                "django.request": {"level": "CRITICAL"},
                "asyncio": {"level": "WARNING"},
            },
        }
    )
