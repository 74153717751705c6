"""One log shape for structlog and the standard library."""

from __future__ import annotations

import logging

import structlog
from structlog.typing import EventDict, Processor

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


def printable(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What is not printable is written as an escape, so that no text forges a line or drives a terminal."""
    for name, value in event.items():
        if name != "exception" and isinstance(value, str) and not value.isprintable():
            event[name] = "".join(_shown(each) for each in value)
    return event


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def formatter(style: str) -> logging.Formatter:
    """`json` or `console`."""
    renderers: list[Processor] = (
        [printable, structlog.dev.ConsoleRenderer(colors=False)]
        if style == "console"
        else [structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # as text, before any renderer can add local variables, which may hold secrets
            structlog.processors.format_exc_info,
            *renderers,
        ],
        foreign_pre_chain=SHARED,
    )
