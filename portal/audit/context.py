"""Who acts through which door, for the length of one request, task or command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from portal.audit.models import AuditEvent


@dataclass(frozen=True)
class Context:
    source: str
    request_id: str = ""


OUTSIDE = Context(AuditEvent.Source.COMMAND)
_current: ContextVar[Context | None] = ContextVar("audit_context", default=None)


def current() -> Context:
    return _current.get() or OUTSIDE


@contextmanager
def acting(source: str, request_id: str = "") -> Iterator[None]:
    """Everything recorded inside carries this source and request id."""
    token = _current.set(Context(source, request_id))
    try:
        yield
    finally:
        _current.reset(token)
