"""Reading a live object for what it says of itself; what is missing or of another type counts as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.clusters.types import State

Live = Mapping[str, Any]
Finding = tuple[State, str]


def mapping(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def number(value: Mapping[str, Any], key: str, default: int = 0) -> int:
    found = value.get(key)
    return found if isinstance(found, int) else default


def condition(live: Live, kind: str) -> Mapping[str, Any] | None:
    conditions = mapping(live, "status").get("conditions")
    for each in conditions if isinstance(conditions, list) else ():
        if isinstance(each, Mapping) and each.get("type") == kind:
            return each
    return None


def holds(live: Live, kind: str) -> Mapping[str, Any] | None:
    """The condition, when it is there and true."""
    found = condition(live, kind)
    return found if found and found.get("status") == "True" else None


def said(entry: Mapping[str, Any] | None, default: str) -> str:
    """A condition's message, else its reason."""
    return str((entry or {}).get("message") or (entry or {}).get("reason") or default)


def because(live: Live, kind: str, status: str) -> str:
    found = condition(live, kind)
    return f": {said(found, kind)}" if found and found.get("status") == status else ""
