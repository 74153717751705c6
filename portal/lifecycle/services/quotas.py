"""Saying no for want of room."""

from __future__ import annotations

from typing import NoReturn

from portal.core.errors import QuotaExceeded
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.services.pools.refusing import refuse_room


def refuse_quota(draft: Draft) -> NoReturn:
    """Raise QuotaExceeded with each line that has no room: in the namespace, or in the team's pool."""
    if draft.room is not None and draft.room.refused:
        refuse_room(draft.room)
    lines = [vars(line) for line in draft.quota_exceeded]
    said = "; ".join(f"{line.resource} {line.after} of {line.hard}" for line in draft.quota_exceeded)
    raise QuotaExceeded(
        f"The namespace's quota has no room for this: {said}. Choose a smaller plan, or a larger namespace.",
        quota=lines,
    )
