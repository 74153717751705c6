"""Status conditions: set one by type, keeping its transition time while its status stays the same."""

from __future__ import annotations

from typing import Any

from portal.sandbox import times
from portal.sandbox.objects import Object


def find(conditions: list[Object], kind: str) -> Object | None:
    return next((each for each in conditions if each["type"] == kind), None)


def put(
    conditions: list[Object], kind: str, status: str, reason: str, message: str, **extra: Any
) -> list[Object]:
    """A new list with the condition set; unchanged when it already says exactly that."""
    before = find(conditions, kind)
    if before is not None and (before["status"], before.get("reason"), before.get("message", "")) == (
        status,
        reason,
        message,
    ):
        return conditions
    since = before["lastTransitionTime"] if before is not None and before["status"] == status else times.now()
    entry = {"type": kind, "status": status, **extra, "lastTransitionTime": since, "reason": reason}
    if message:
        entry["message"] = message
    if before is None:
        return [*conditions, entry]
    return [entry if each["type"] == kind else each for each in conditions]


def without(conditions: list[Object], kind: str) -> list[Object]:
    return [each for each in conditions if each["type"] != kind]
