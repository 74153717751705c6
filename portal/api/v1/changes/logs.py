"""Following a rollout's log."""

from __future__ import annotations

from typing import Any

from portal.core.errors import InvalidInput
from portal.lifecycle.models import ChangeRequest, LogLine

MAX_LINES = 500


def page(change: ChangeRequest, after: str | None) -> dict[str, Any]:
    """At most 500 lines after the one with id `after`."""
    if after is not None and not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise InvalidInput("after must be the id of a line, a whole number.")
    last = int(after or 0)
    lines = list(LogLine.objects.filter(rollout__change=change, pk__gt=last).order_by("pk")[: MAX_LINES + 1])
    more, lines = len(lines) > MAX_LINES, lines[:MAX_LINES]
    return {
        "lines": lines,
        "next_after": lines[-1].pk if lines else last,
        "ended": not more and not change.is_active,
    }
