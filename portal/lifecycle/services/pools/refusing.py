"""Saying no for want of room in a team's pool."""

from __future__ import annotations

from typing import NoReturn

from portal.core.errors import QuotaExceeded
from portal.lifecycle.operations.pool_room import NO_LIMIT, Room


def refuse_room(room: Room) -> NoReturn:
    """Raise QuotaExceeded with every reason: resource, what is claimed, what it would be, of how much."""
    place = f"team {room.team} in {room.environment}"
    if room.missing:
        said = f"There is no quota for {place}, and namespaces need one. Ask for it at {room.address}."
    else:
        reasons = "; ".join(_said(line.resource, line.used, line.after, line.hard) for line in room.refused)
        said = (
            f"The quota of {place} has no room for this: {reasons}. Choose a smaller plan, give back what "
            f"another namespace does not need, or ask for a raise at {room.address}."
        )
    pool = {"team": room.team, "environment": room.environment, "raise": room.address}
    raise QuotaExceeded(said, quota=[vars(line) for line in room.refused], pool=pool)


def _said(resource: str, used: str, after: str, hard: str) -> str:
    if after == NO_LIMIT:
        return f"{resource} has no limit in the namespace, and the pool has {hard}"
    return f"{resource} {after} of {hard} ({used} claimed before)"
