"""Mistakes that the API server finds after the types are right: in literals, and in calls of `format`.

As cel-go's validators do (cel/validator.go, ext/formatting.go), in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portal.policy.cel.conversions import to_duration, to_timestamp
from portal.policy.cel.errors import CelError, Problem
from portal.policy.cel.functions.formatting import literal_problem
from portal.policy.cel.functions.regexes import compiled
from portal.policy.cel.kinds import Kind, spelled, unwrapped
from portal.policy.cel.tree import Call, Expr, ListExpr, Literal, MapExpr

Final = Callable[[Kind], Kind]
_CONVERSIONS = {"duration": to_duration, "timestamp": to_timestamp}


def literal_problems(noted: list[tuple[Expr, bool]], final: Final, *, mixed: bool = False) -> list[Problem]:
    """`noted` is what the checker noted; `final` gives a type once everything is known.

    `mixed`: elements of literals may differ in type.
    """
    found: list[Problem] = []
    for node, exempt in noted:
        if isinstance(node, Call):
            found += _in_call(node, final)
        elif not exempt and not mixed:
            found += _mismatches(node, final)
    return found


def _in_call(node: Call, final: Final) -> Iterator[Problem]:
    name = node.function
    if name == "format":
        if isinstance(node.target, Literal):
            yield from literal_problem(node, final)
        return
    argument = node.arguments[0] if node.arguments else None
    if not isinstance(argument, Literal) or (name != "matches" and len(node.arguments) != 1):
        return
    try:
        if name != "matches":
            _CONVERSIONS[name](argument.value)
        elif isinstance(argument.value, str):
            compiled(argument.value)
    except CelError:
        yield Problem(argument.at, f"invalid {name} argument")


def _mismatches(node: Expr, final: Final) -> Iterator[Problem]:
    if isinstance(node, ListExpr):
        kinds = [(item, final(item.kind)) for item in node.items]
        plain = [
            (item, unwrapped(kind) if position in node.optional else kind)
            for position, (item, kind) in enumerate(kinds)
        ]
        for item, kind in plain[1:]:
            if kind != plain[0][1]:
                yield _mismatch(item, plain[0][1], kind)
                break
    elif isinstance(node, MapExpr) and node.entries:
        entries = [
            (key, final(key.kind), value, unwrapped(final(value.kind)) if optional else final(value.kind))
            for key, value, optional in node.entries
        ]
        _, first_key, _, first_value = entries[0]
        for key, key_kind, value, value_kind in entries[1:]:
            if key_kind != first_key:
                yield _mismatch(key, first_key, key_kind)
            if value_kind != first_value:
                yield _mismatch(value, first_value, value_kind)


def _mismatch(node: Expr, first: Kind, kind: Kind) -> Problem:
    return Problem(node.at, f"expected type '{spelled(first)}' but found '{spelled(kind)}'")
