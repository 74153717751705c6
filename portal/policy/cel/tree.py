"""The parts of a parsed expression: `at` is where messages point to; the checker sets `kind`."""

from __future__ import annotations

from typing import Any

from portal.policy.cel.kinds import Kind

ACCUMULATOR = "@result"


class Expr:
    __slots__ = ("at", "kind")
    kind: Kind

    def __init__(self, at: int) -> None:
        self.at = at


class Literal(Expr):
    __slots__ = ("value",)

    def __init__(self, at: int, value: Any) -> None:
        self.at = at
        self.value = value


class Ident(Expr):
    """`name` is never empty; a leading dot is kept."""

    __slots__ = ("name", "reference")
    # what the name was resolved to: a type's value, or None for a variable
    reference: Any

    def __init__(self, at: int, name: str) -> None:
        self.at = at
        self.name = name
        self.reference = None


class Select(Expr):
    """`operand.field`; `test`: whether it is there (has). `optional`: `operand.?field`."""

    __slots__ = ("field", "operand", "optional", "resolved", "test")

    def __init__(
        self, at: int, operand: Expr, field: str, *, test: bool = False, optional: bool = False
    ) -> None:
        self.at = at
        self.operand = operand
        self.field = field
        self.test = test
        self.optional = optional
        # the dotted name that the whole is, when it is one (google.protobuf.Timestamp)
        self.resolved: Ident | None = None


class Call(Expr):
    """`overloads` are those that fit what is known of the arguments' types."""

    __slots__ = ("arguments", "function", "overloads", "target")
    overloads: tuple[str, ...]

    def __init__(self, at: int, function: str, target: Expr | None, arguments: list[Expr]) -> None:
        self.at = at
        self.function = function
        self.target = target
        self.arguments = arguments
        self.overloads = ()


class ListExpr(Expr):
    __slots__ = ("items", "optional")

    def __init__(self, at: int, items: list[Expr], optional: frozenset[int] = frozenset()) -> None:
        self.at = at
        self.items = items
        self.optional = optional


class MapExpr(Expr):
    """Entries are key, value, and whether the value is an optional that may be left out."""

    __slots__ = ("entries",)

    def __init__(self, at: int, entries: list[tuple[Expr, Expr, bool]]) -> None:
        self.at = at
        self.entries = entries


class Fold(Expr):
    """A comprehension, still under the macro's name; `second` is "" where there is one variable only.

    `all`, `exists`, `exists_one`: `body` is the predicate. `map` (and transformList), `transformMap`,
    `transformMapEntry`: `body` is the transformation and `where` the filter, if any. `filter`: `body` is the
    predicate. `bind`: `body` with `name` standing for `range` (optMap, sortBy).
    """

    __slots__ = ("body", "macro", "name", "range", "second", "where")

    def __init__(
        self, at: int, macro: str, range_: Expr, names: tuple[str, str], body: Expr, where: Expr | None = None
    ) -> None:
        self.at = at
        self.macro = macro
        self.range = range_
        self.name, self.second = names
        self.body = body
        self.where = where


class Message(Expr):
    """`Type{field: value}`: no message type of Kubernetes' can be made this way."""

    __slots__ = ("name",)

    def __init__(self, at: int, name: str) -> None:
        self.at = at
        self.name = name


def dotted(expr: Expr) -> str:
    """`a.b.c` as one name; "" for what is more than names and dots."""
    if isinstance(expr, Ident):
        return expr.name
    if isinstance(expr, Select) and not expr.test and not expr.optional:
        prefix = dotted(expr.operand)
        return f"{prefix}.{expr.field}" if prefix else ""
    return ""
