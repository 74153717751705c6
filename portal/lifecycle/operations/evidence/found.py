"""What a gatherer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.lifecycle.models import Evidence


@dataclass(frozen=True)
class Found:
    """One line for people, what it rests on (JSON, secrets masked, bounded), and where it comes from."""

    status: Evidence.Status
    summary: str
    source: str
    detail: Mapping[str, Any] = field(default_factory=dict)
