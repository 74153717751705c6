"""The one source of time, so that tests and leases agree on it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, timezone-aware, UTC."""
    return datetime.now(tz=UTC)
