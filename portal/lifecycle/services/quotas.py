"""Saying no for want of room."""

from __future__ import annotations

from typing import NoReturn

from portal.core.errors import QuotaExceeded
from portal.lifecycle.operations.drafting import Draft


def refuse_quota(draft: Draft) -> NoReturn:
    """Raise QuotaExceeded with each line that has no room."""
    lines = [vars(line) for line in draft.quota_exceeded]
    said = "; ".join(f"{line.resource} {line.after} of {line.hard}" for line in draft.quota_exceeded)
    raise QuotaExceeded(
        f"The namespace's quota has no room for this: {said}. Choose a smaller plan, or a larger namespace.",
        quota=lines,
    )
