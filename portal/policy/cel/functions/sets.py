"""`sets.contains`, `sets.equivalent` and `sets.intersects` (cel-go, ext/sets.go)."""

from __future__ import annotations

from typing import Any

from portal.policy.cel.functions.declare import BOOL, LIST, Function, function
from portal.policy.cel.functions.equality import holds


def _contains(items: list[Any], wanted: list[Any]) -> bool:
    return all(holds(items, item) for item in wanted)


def _intersects(left: list[Any], right: list[Any]) -> bool:
    return any(holds(left, item) for item in right)


FUNCTIONS: tuple[Function, ...] = (
    function("sets.contains", BOOL, [LIST, LIST], _contains),
    function("sets.equivalent", BOOL, [LIST, LIST], lambda a, b: _contains(a, b) and _contains(b, a)),
    function("sets.intersects", BOOL, [LIST, LIST], _intersects),
)
