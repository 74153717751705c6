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


_current: ContextVar[Context] = ContextVar("audit_context", default=Context(AuditEvent.Source.COMMAND))


def current() -> Context:
    return _current.get()


@contextmanager
def acting(source: str, request_id: str = "") -> Iterator[None]:
    """Everything recorded inside carries this source and request id."""
    token = _current.set(Context(source, request_id))
    try:
        yield
    finally:
        _current.reset(token)
