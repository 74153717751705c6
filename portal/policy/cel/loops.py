"""The types of loops: all, exists, map and their like, each as the loop that the API server makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from portal.policy.cel import kinds
from portal.policy.cel.kinds import (
    BOOL,
    DYN,
    ERROR,
    INT,
    Bindings,
    Kind,
    assignable,
    list_of,
    map_of,
    spelled,
    substituted,
)
from portal.policy.cel.tree import Expr, Fold


class Checker(Protocol):
    bound: Bindings
    scopes: list[dict[str, Kind]]

    def check(self, expr: Expr) -> Kind: ...

    def final(self, kind: Kind) -> Kind: ...

    def problem(self, at: int, message: str) -> Kind: ...

    def variable(self) -> Kind: ...


def check_fold(checker: Checker, expr: Fold) -> Kind:
    range_kind = substituted(checker.bound, checker.check(expr.range))
    if expr.macro == "bind":
        checker.scopes.append({expr.name: range_kind})
        result = checker.check(expr.body)
        checker.scopes.pop()
        return result
    first, second = loop_kinds(checker, expr, range_kind)
    scope = {expr.name: first}
    if expr.second:
        scope[expr.second] = second
    checker.scopes.append(scope)
    result = _FOLDS[expr.macro](checker, expr, first)
    checker.scopes.pop()
    return substituted(checker.bound, result)


def loop_kinds(checker: Checker, expr: Fold, range_kind: Kind) -> tuple[Kind, Kind]:
    tag = range_kind[0] if type(range_kind) is tuple else range_kind
    if tag == "list":
        return (INT, range_kind[1]) if expr.second else (range_kind[1], None)
    if tag == "map":
        return range_kind[1], range_kind[2]
    if tag in (DYN, ERROR, "var"):
        assignable(checker.bound, DYN, range_kind)
        return DYN, DYN
    said = f"expression of type '{spelled(range_kind)}' cannot be range of a comprehension"
    checker.problem(expr.range.at, f"{said} (must be list, map, or dynamic)")
    return ERROR, ERROR


def quantified(checker: Checker, expr: Fold, _first: Kind) -> Kind:
    kind = checker.check(expr.body)
    if not assignable(checker.bound, kind, BOOL):
        checker.problem(expr.body.at, f"expected type 'bool' but found '{spelled(kind)}'")
    return BOOL


def counted(checker: Checker, expr: Fold, _first: Kind) -> Kind:
    chosen(checker, expr, checker.check(expr.body), INT, INT)
    return BOOL


def chosen(checker: Checker, expr: Fold, condition: Kind, step: Kind, before: Kind) -> None:
    """The step of a loop with a condition: `condition ? step : before`."""
    if not assignable(checker.bound, condition, BOOL):
        said = kinds.signature(
            (checker.final(condition), checker.final(step), checker.final(before)), member=False
        )
        checker.problem(expr.at, f"found no matching overload for '_?_:_' applied to '{said}'")


def mapped(checker: Checker, expr: Fold, _first: Kind) -> Kind:
    where = None if expr.where is None else checker.check(expr.where)
    result = list_of(checker.check(expr.body))
    if where is not None:
        chosen(checker, expr, where, result, result)
    return result


def filtered(checker: Checker, expr: Fold, first: Kind) -> Kind:
    result = list_of(first)
    chosen(checker, expr, checker.check(expr.body), result, result)
    return result


def transformed(checker: Checker, expr: Fold, first: Kind) -> Kind:
    where = None if expr.where is None else checker.check(expr.where)
    result = map_of(first, checker.check(expr.body))
    if where is not None:
        chosen(checker, expr, where, result, result)
    return result


def merged(checker: Checker, expr: Fold, _first: Kind) -> Kind:
    where = None if expr.where is None else checker.check(expr.where)
    result = checker.check(expr.body)
    any_map = map_of(checker.variable(), checker.variable())
    if not assignable(checker.bound, result, any_map):
        said = kinds.signature((checker.final(any_map), checker.final(result)), member=False)
        checker.problem(expr.at, f"found no matching overload for 'cel.@mapInsert' applied to '{said}'")
        return ERROR
    if where is not None:
        chosen(checker, expr, where, any_map, any_map)
    return any_map


_FOLDS: dict[str, Callable[[Checker, Fold, Kind], Kind]] = {
    "all": quantified,
    "exists": quantified,
    "exists_one": counted,
    "map": mapped,
    "filter": filtered,
    "transformMap": transformed,
    "transformMapEntry": merged,
}
