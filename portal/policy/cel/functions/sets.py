"""`sets.contains`, `sets.equivalent` and `sets.intersects` (cel-go, ext/sets.go)."""

from __future__ import annotations

from typing import Any

from portal.policy.cel.functions.registry import define
from portal.policy.cel.values import contains


@define("sets.contains", list, list)
def _contains(items: list[Any], wanted: list[Any]) -> bool:
    return all(contains(items, item) for item in wanted)


@define("sets.intersects", list, list)
def _intersects(left: list[Any], right: list[Any]) -> bool:
    return any(contains(right, item) for item in left)


@define("sets.equivalent", list, list)
def _equivalent(left: list[Any], right: list[Any]) -> bool:
    return _contains(left, right) and _contains(right, left)
