"""The trail itself, as what an event can be about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class AuditTrail:
    pk: str = "trail"

    def __str__(self) -> str:
        return "The audit trail"


TRAIL = AuditTrail()
