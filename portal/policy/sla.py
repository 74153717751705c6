"""How long a violation may stand: what the policy says itself, or what follows from its severity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from portal.policy.documents import Metadata
from portal.policy.types import Severity

BY_SEVERITY: Mapping[Severity, timedelta] = {
    "critical": timedelta(days=7),
    "high": timedelta(days=30),
    "medium": timedelta(days=90),
    "low": timedelta(days=180),
}
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def time_to_remedy(metadata: Metadata) -> timedelta:
    """The time from when a violation is first seen until it has to be gone."""
    if not metadata.sla:
        return BY_SEVERITY[metadata.severity]
    # read_metadata refuses everything but `7d` and `36h`
    return int(metadata.sla[:-1]) * _UNITS[metadata.sla[-1]]


def in_words(time: timedelta) -> str:
    """`7 days`, `36 hours`."""
    hours = int(time.total_seconds()) // 3600
    count, unit = (hours, "hour") if hours % 24 else (hours // 24, "day")
    return f"{count} {unit}{'' if count == 1 else 's'}"
