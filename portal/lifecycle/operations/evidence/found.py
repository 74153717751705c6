"""What a gatherer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.lifecycle.models import Evidence


@dataclass(frozen=True)
class Found:
    """One line for people, what it rests on (JSON, secrets masked, bounded), and where it comes from."""

    status: Evidence.Status
    summary: str
    source: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def span(time: timedelta) -> str:
    """A length of time in a person's words: its two largest units at the most."""
    minutes = max(int(time.total_seconds() // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
