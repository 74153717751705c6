"""Calls that are no functions: has, the comprehensions, optMap and its like (cel-go, parser/macro.go)."""

from __future__ import annotations

from collections.abc import Callable

from portal.policy.cel.tree import ACCUMULATOR, Call, Expr, Fold, Ident, ListExpr, Literal, MapExpr, Select

Report = Callable[[int, str], None]

NOT_A_NAME = "argument must be a simple name"
NOT_AN_IDENTIFIER = "argument is not an identifier"
OVERWRITES = "iteration variable overwrites accumulator variable"
OLD_ACCUMULATOR = "__result__"
ONE_VARIABLE = {("all", 2), ("exists", 2), ("exists_one", 2), ("map", 2), ("map", 3), ("filter", 2)}
TWO_VARIABLES = {
    *(("all", 3), ("exists", 3), ("existsOne", 3), ("exists_one", 3)),
    *(("transformList", 3), ("transformList", 4), ("transformMap", 3), ("transformMap", 4)),
    *(("transformMapEntry", 3), ("transformMapEntry", 4)),
}
# transformList is the map of two variables
KINDS = {"existsOne": "exists_one", "transformList": "map"}
SORT_INPUT = "@__sortBy_input__"


def expand(report: Report, at: int, name: str, target: Expr | None, arguments: list[Expr]) -> Expr | None:
    """What the macro `name` stands for; None when there is no such macro. `at` is its opening bracket."""
    count = len(arguments)
    if target is None:
        return _has(report, at, arguments[0]) if name == "has" and count == 1 else None
    if (name, count) in ONE_VARIABLE:
        return _one_variable(report, at, name, target, arguments)
    if (name, count) in TWO_VARIABLES:
        return _two_variables(report, at, name, target, arguments)
    if name in ("optMap", "optFlatMap") and count == 2:
        return _with_value(report, at, name, target, arguments)
    return _sort_by(report, at, target, arguments) if name == "sortBy" and count == 2 else None


def _broken(report: Report, at: int, message: str) -> Expr:
    report(at, message)
    return Literal(at, None)


def _has(report: Report, at: int, argument: Expr) -> Expr:
    if isinstance(argument, Select) and not argument.test and not argument.optional:
        return Select(at, argument.operand, argument.field, test=True)
    return _broken(report, argument.at, "invalid argument to has() macro")


def _variable(report: Report, argument: Expr, said: str) -> str:
    """The name of a loop's variable; "" when it cannot be one."""
    if not isinstance(argument, Ident):
        report(argument.at, said)
        return ""
    if argument.name in (ACCUMULATOR, OLD_ACCUMULATOR):
        report(argument.at, OVERWRITES)
        return ""
    return argument.name


def _one_variable(report: Report, at: int, macro: str, target: Expr, arguments: list[Expr]) -> Expr:
    said = NOT_AN_IDENTIFIER if macro in ("map", "filter") else NOT_A_NAME
    name = _variable(report, arguments[0], said)
    where = arguments[1] if len(arguments) == 3 else None
    return Fold(at, macro, target, (name, ""), arguments[-1], where)


def _two_variables(report: Report, at: int, macro: str, target: Expr, arguments: list[Expr]) -> Expr:
    first = _variable(report, arguments[0], NOT_A_NAME)
    second = _variable(report, arguments[1], NOT_A_NAME) if first else ""
    if first and first == second:
        report(arguments[1].at, f"duplicate variable name: {first}")
    where = arguments[2] if len(arguments) == 4 else None
    return Fold(at, KINDS.get(macro, macro), target, (first, second), arguments[-1], where)


def _with_value(report: Report, at: int, macro: str, target: Expr, arguments: list[Expr]) -> Expr:
    variable = arguments[0]
    if not isinstance(variable, Ident):
        return _broken(report, variable.at, f"{macro}() variable name must be a simple identifier")
    bound = Fold(at, "bind", Call(at, "value", target, []), (variable.name, ""), arguments[1])
    present: Expr = bound if macro == "optFlatMap" else Call(at, "optional.of", None, [bound])
    absent = Call(at, "optional.none", None, [])
    return Call(at, "_?_:_", None, [Call(at, "hasValue", target, []), present, absent])


def _sort_by(report: Report, at: int, target: Expr, arguments: list[Expr]) -> Expr:
    if isinstance(target, Literal | MapExpr) and not isinstance(target, ListExpr):
        said = "sortBy can only be applied to a list, identifier, comprehension, call or select expression"
        return _broken(report, target.at, said)
    name = _variable(report, arguments[0], NOT_AN_IDENTIFIER)
    keys = Fold(at, "map", Ident(at, SORT_INPUT), (name, ""), arguments[1])
    call = Call(at, "@sortByAssociatedKeys", Ident(at, SORT_INPUT), [keys])
    return Fold(at, "bind", target, (SORT_INPUT, ""), call)
