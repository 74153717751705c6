"""Times as the API writes them (UTC, to the second), as moments and ages."""

from __future__ import annotations

from datetime import UTC, datetime

from portal.sandbox.objects import now

__all__ = ["now", "read", "seconds_since", "text"]


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


def seconds_since(value: str) -> float:
    return (datetime.now(UTC) - read(value)).total_seconds()
