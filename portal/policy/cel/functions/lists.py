"""List functions (apiserver/pkg/cel/library/lists.go), `indexOf` of texts, and the rewriter's helpers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from portal.policy.cel.functions.declare import (
    BOOL,
    DOUBLE,
    INT,
    INTS,
    KINDS,
    LIST,
    MAP,
    STRING,
    UINT,
    Function,
    Overload,
    function,
    list_of,
    method,
)
from portal.policy.cel.functions.equality import same

# a loop may run at most so often in one evaluation (the evaluator's own limit)
MAX_RANGE = 10_000
NO_OVERLOAD = "no such overload"


def _check_comparable(items: list[Any]) -> None:
    kinds = {
        bool if isinstance(item, bool) else float if isinstance(item, int | float) else type(item)
        for item in items
    }
    if len(kinds) > 1 or kinds & {list, dict, type(None)}:
        raise ValueError(NO_OVERLOAD)


def _is_sorted(items: list[Any]) -> bool:
    _check_comparable(items)
    return all(a <= b for a, b in pairwise(items))


def _sum(items: list[Any]) -> Any:
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in items):
        raise ValueError(NO_OVERLOAD)
    total = sum(items)
    if isinstance(total, int) and not -(2**63) <= total < 2**63:
        raise ValueError("integer overflow")
    return total


def _extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def extreme(items: list[Any]) -> Any:
        if not items:
            raise ValueError(f"{name} called on empty list")
        _check_comparable(items)
        return choose(items)

    return extreme


def _index(items: list[Any], wanted: Any) -> int:
    return next((i for i, item in enumerate(items) if same(item, wanted)), -1)


def _last_index(items: list[Any], wanted: Any) -> int:
    return next((i for i in range(len(items) - 1, -1, -1) if same(items[i], wanted)), -1)


def _text_index(text: str, part: str, offset: int = 0) -> int:
    if not 0 <= offset <= len(text):
        raise ValueError(f"index out of range: {offset}")
    return text.find(part, offset)


def _text_last_index(text: str, part: str, offset: int | None = None) -> int:
    if offset is not None and not 0 <= offset <= len(text):
        raise ValueError(f"index out of range: {offset}")
    return text.rfind(part) if offset is None else text.rfind(part, 0, offset + len(part))


def _range(size: int) -> list[int]:
    if size > MAX_RANGE:
        raise ValueError("operation cancelled: actual cost limit exceeded")
    return list(range(size))


def _map(pairs: list[Any]) -> dict[Any, Any]:
    return dict(pairs)


def _merge(maps: list[Any]) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for entries in maps:
        for key, value in entries.items():
            if key in merged:
                raise ValueError(f"insert failed: key {key} already exists")
            merged[key] = value
    return merged


def _typed(name: str, implementation: Callable[[list[Any]], Any], *items: Any) -> Function:
    overloads = [Overload(item, [list_of(item)], implementation) for item in items]
    return Function(name, overloads, member=True)


def _index_function(name: str, of_list: Callable[..., int], of_text: Callable[..., int]) -> Function:
    return Function(
        name,
        (
            Overload(INT, [STRING, STRING], of_text),
            Overload(INT, [STRING, STRING, INT], of_text),
            *(Overload(INT, [LIST, kind], of_list) for kind in KINDS),
        ),
        member=True,
    )


FUNCTIONS: tuple[Function, ...] = (
    method("isSorted", BOOL, [LIST], _is_sorted),
    _typed("sum", _sum, INT, DOUBLE, UINT),
    _typed("min", _extreme("min", min), INT, DOUBLE, UINT, STRING, BOOL),
    _typed("max", _extreme("max", max), INT, DOUBLE, UINT, STRING, BOOL),
    _index_function("slipway_indexOf", _index, _text_index),
    _index_function("slipway_lastIndexOf", _last_index, _text_last_index),
    function("slipway_range", INTS, [INT], _range),
    function("slipway_map", MAP, [LIST], _map),
    function("slipway_merge", MAP, [LIST], _merge),
)
