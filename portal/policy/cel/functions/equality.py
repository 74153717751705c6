"""CEL's equality on Python values: a boolean is never a number, and 1 equals 1.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def holds(items: Sequence[Any], wanted: Any) -> bool:
    return any(same(item, wanted) for item in items)
