"""Lists (apiserver/pkg/cel/library/lists.go; cel-go, ext/lists.go, version 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from portal.policy.cel.errors import CANCELLED, MAX_LIST, Cancelled, CelError
from portal.policy.cel.functions.registry import IMPLEMENTATIONS, define, no_overload
from portal.policy.cel.functions.texts import index_of, last_index_of
from portal.policy.cel.values import (
    NONE,
    NUMBERS,
    Duration,
    Optional,
    Timestamp,
    Uint,
    double_text,
    equal,
    int_checked,
    put,
    uint_checked,
)

_COMPARED = frozenset({bool, int, Uint, float, str, bytes, Timestamp, Duration})
_SUMMED = frozenset({int, Uint, float, Duration})


def _first_of(name: str, items: Any, allowed: frozenset[type]) -> None:
    """Which overload of a list's function is meant is told by its first element."""
    if type(items) is not list or (items and type(items[0]) not in allowed):
        raise no_overload(name, items)


def _compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None for what cannot be compared."""
    same = type(left) is type(right) and type(left) in _COMPARED
    if same or (type(left) in NUMBERS and type(right) in NUMBERS):
        return int(left > right) - int(left < right)
    return None


by_order = cmp_to_key(lambda left, right: _compare(left, right) or 0)


def _is_sorted(items: Any) -> bool:
    _first_of("isSorted", items, _COMPARED)
    before: Any = None
    for position, item in enumerate(items):
        if type(item) not in _COMPARED:
            raise CelError("no such overload")
        if position and _compare(before, item) == 1:
            return False
        before = item
    return True


def _extreme(name: str, unwanted: int) -> Callable[[Any], Any]:
    def extreme(items: Any) -> Any:
        _first_of(name, items, _COMPARED)
        if not items:
            raise CelError(f"{name} called on empty list")
        chosen = items[0]
        for item in items[1:]:
            if type(item) not in _COMPARED:
                raise CelError("no such overload")
            if _compare(chosen, item) == unwanted:
                chosen = item
        return chosen

    return extreme


# what nothing sums up to, by the overload that the types leave
_NOTHING = {
    "list_double_sum_double": 0.0,
    "list_uint_sum_uint": Uint(0),
    "list_duration_sum_duration": Duration(0),
}


def sum_as(overloads: tuple[str, ...]) -> Callable[[Any], Any]:
    """`sum` for a list whose elements' type is known."""
    nothing = _NOTHING.get(overloads[0]) if len(overloads) == 1 else None
    return _sum if nothing is None else lambda items: nothing if items == [] else _sum(items)


def _sum(items: Any) -> Any:
    _first_of("sum", items, _SUMMED)
    if not items:
        return 0
    kind = type(items[0])
    if any(type(item) is not kind for item in items):
        raise CelError("no such overload")
    if kind is Duration:
        total = sum(item.nanos for item in items)
        return Duration(int_checked(total))
    if kind is float:
        return sum(items, 0.0)
    total = sum(map(int, items))
    return uint_checked(total) if kind is Uint else int_checked(total)


def _index_of(held: Any, wanted: Any, *offset: int) -> int:
    if type(held) is list and not offset:
        return next((at for at, item in enumerate(held) if equal(item, wanted)), -1)
    if type(held) is str and type(wanted) is str:
        return index_of(held, wanted, *offset)
    raise no_overload("indexOf", held, wanted, *offset)


def _last_index_of(held: Any, wanted: Any, *offset: int) -> int:
    if type(held) is list and not offset:
        return next((at for at in range(len(held) - 1, -1, -1) if equal(held[at], wanted)), -1)
    if type(held) is str and type(wanted) is str:
        return last_index_of(held, wanted, *offset)
    raise no_overload("lastIndexOf", held, wanted, *offset)


def _sorted_by(name: str, items: list[Any], keys: list[Any]) -> list[Any]:
    if len(items) != len(keys):
        raise CelError(
            f"@sortByAssociatedKeys() expected a list of the same size as the associated keys list, "
            f"but got {len(items)} and {len(keys)} elements respectively."
        )
    if not keys:
        return items
    kind = type(keys[0])
    if kind not in _COMPARED:
        raise CelError("list elements must be comparable")
    if any(type(key) is not kind for key in keys):
        raise CelError("list elements must have the same type")
    if kind is float and any(key != key for key in keys):
        raise CelError(f"{name}: {double_text(float('nan'))} cannot be ordered")
    order = sorted(range(len(items)), key=lambda at: by_order(keys[at]))
    return [items[at] for at in order]


IMPLEMENTATIONS |= {
    ".isSorted": _is_sorted,
    ".max": _extreme("max", -1),
    ".min": _extreme("min", 1),
    ".sum": _sum,
    ".indexOf": _index_of,
    ".lastIndexOf": _last_index_of,
}


@define(".sort", list)
def _sort(items: list[Any]) -> list[Any]:
    return _sorted_by("sort", items, items)


@define(".@sortByAssociatedKeys", list, list)
def _sort_by_keys(items: list[Any], keys: list[Any]) -> list[Any]:
    return _sorted_by("sortBy", items, keys)


@define("lists.range", int)
def _range(size: int) -> list[int]:
    if size > MAX_LIST:
        raise Cancelled(CANCELLED)
    return list(range(size))


@define(".distinct", list)
def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, known) for known in found):
            found.append(item)
    return found


@define(".reverse", list)
def _reverse(items: list[Any]) -> list[Any]:
    return items[::-1]


@define(".slice", list, int, int)
def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    said = f"cannot slice({start}, {end}), "
    if start < 0 or end < 0:
        raise CelError(f"{said}negative indexes not supported")
    if start > end:
        raise CelError(f"{said}start index must be less than or equal to end index")
    if end > len(items):
        raise CelError(f"{said}list is length {len(items)}")
    return items[start:end]


@define(".flatten", list, int)
def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    if depth > MAX_LIST:
        depth = MAX_LIST
    found: list[Any] = []
    for item in items:
        if type(item) is list and depth:
            found += _flatten(item, depth - 1)
        else:
            found.append(item)
    return found


@define(".first", list)
def _first(items: list[Any]) -> Optional:
    return Optional(items[0]) if items else NONE


@define(".last", list)
def _last(items: list[Any]) -> Optional:
    return Optional(items[-1]) if items else NONE


def merge(entries: dict[Any, Any], more: Any) -> None:
    """What transformMapEntry does with each step's map; raises CelError for a key that is there already."""
    if type(more) is not dict:
        raise no_overload("cel.@mapInsert", entries, more)
    for key, value in more.items():
        insert(entries, key, value)


def insert(entries: dict[Any, Any], key: Any, value: Any) -> None:
    if key in entries:
        raise CelError(f"insert failed: key {key} already exists")
    put(entries, key, value)
