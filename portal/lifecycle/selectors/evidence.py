"""What is known about a waiting change: kinds of evidence, how fresh they are, what the gate still lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.selectors import soak

# What can be gathered, in the order of the decision page.
KINDS: Mapping[str, str] = {
    "policies": "Policies",
    "findings": "Findings",
    "health": "Health",
    "drift": "Drift in the target",
    "diff": "Difference to what is live",
    "rollback": "Rollback target",
    "quota": "Quota and cost",
}
# Clocks of web and worker may differ by this much; what is further ahead was observed by a wrong clock.
SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Lacking:
    """Evidence that the gate wants and does not have. `refresh` says whether gathering again may help."""

    kind: str
    label: str
    why: str
    refresh: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def lacking(change: ChangeRequest) -> list[Lacking]:
    """What keeps the gate shut for want of evidence; nothing when all that it wants is there, fresh and not
    bad."""
    now = clock.now()
    rows = {row.kind: row for row in change.evidence.defer("detail")}
    wanted = change.environment.required_evidence
    found = []
    for kind, minutes in wanted.items():
        why = _why_not(rows.get(kind), change, timedelta(minutes=minutes), now)
        if why:
            found.append(Lacking(kind, KINDS.get(kind, kind), why))
    waiting = soak.still_to_soak(change, now)
    if waiting is not None:
        found.append(Lacking("soak", "Soak", waiting, refresh=False))
    return found


def is_stale(row: Evidence, change: ChangeRequest, now: datetime) -> bool:
    """Whether it is older than the gate lets it be, of another release, or from a clock that was wrong."""
    minutes = change.environment.required_evidence.get(row.kind)
    limit = timedelta(minutes=minutes) if minutes is not None else None
    return _staleness(row, change, limit, now) is not None


def _why_not(row: Evidence | None, change: ChangeRequest, limit: timedelta, now: datetime) -> str | None:
    if row is None:
        return "not gathered yet"
    stale = _staleness(row, change, limit, now)
    if stale is not None:
        return stale
    if row.status in (Evidence.Status.BAD, Evidence.Status.UNKNOWN):
        return row.summary
    return None


def _staleness(row: Evidence, change: ChangeRequest, limit: timedelta | None, now: datetime) -> str | None:
    if row.digest != change.seal:
        return "gathered for another release"
    if row.observed_at > now + SKEW:
        return "observed in the future: a clock is wrong"
    if limit is not None and now - row.observed_at > limit:
        return f"older than {_span(limit)}"
    return None


def _span(limit: timedelta) -> str:
    minutes = int(limit.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"
