"""The type checker (cel-go, checker/checker.go): every part of an expression gets its type, or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from portal.policy.cel import environment, kinds, loops
from portal.policy.cel.declarations import Overload, functions
from portal.policy.cel.errors import Problem
from portal.policy.cel.kinds import (
    BOOL,
    DYN,
    ERROR,
    INT,
    Bindings,
    Kind,
    all_assignable,
    assignable,
    has_variables,
    list_of,
    map_of,
    more_general,
    optional_of,
    spelled,
    substituted,
    unwrapped,
)
from portal.policy.cel.tree import (
    Call,
    Expr,
    Fold,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Message,
    Select,
    dotted,
)
from portal.policy.cel.values import Uint, type_value

LITERALS: Final[Mapping[type, Kind]] = {
    bool: BOOL,
    int: INT,
    Uint: kinds.UINT,
    float: kinds.DOUBLE,
    str: kinds.STRING,
    bytes: kinds.BYTES,
    type(None): kinds.NULL,
}
NOTED: Final = frozenset({"duration", "timestamp", "matches", "format"})
Resolved = tuple[tuple[str, ...], Kind]
# what calls come to whose arguments' types are all known; the same for every expression
_RESOLVED: dict[tuple[str, bool, tuple[Kind, ...]], Resolved | None] = {}
_MAX_RESOLVED: Final = 20_000


class Checker:
    """Checks one expression. `declared` are the names it may use; `variables` the fields of `variables`."""

    def __init__(self, declared: Mapping[str, Kind], variables: Mapping[str, Kind]) -> None:
        self.declared = declared
        self.variables = variables
        self.scopes: list[dict[str, Kind]] = []
        self.bound: Bindings = {}
        self.problems: list[Problem] = []
        self.fresh = 0
        # the declared names, and the fields of `variables`, that the expression uses
        self.names: set[str] = set()
        self.used: dict[str, None] = {}
        # literal lists and maps, and calls whose literal arguments can be wrong; whether inside a `format`
        self.noted: list[tuple[Expr, bool]] = []
        self.exempt = 0

    def check(self, expr: Expr) -> Kind:
        kind = _CHECKS[type(expr)](self, expr)
        expr.kind = kind
        return kind

    def final(self, kind: Kind) -> Kind:
        """The type once everything is known; what never became known is dyn."""
        return substituted(self.bound, kind, to_dyn=True)

    def problem(self, at: int, message: str) -> Kind:
        self.problems.append(Problem(at, message))
        return ERROR

    def variable(self) -> Kind:
        self.fresh += 1
        return ("var", f"_var{self.fresh - 1}")

    def lookup(self, name: str) -> Kind | None:
        name = name.lstrip(".")
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        kind = self.declared.get(name)
        if kind is not None:
            self.names.add(name)
        return kind

    def literal(self, expr: Literal) -> Kind:
        return LITERALS[type(expr.value)]

    def ident(self, expr: Ident) -> Kind:
        kind = self.lookup(expr.name)
        if kind is None:
            named = environment.TYPE_NAMES.get(expr.name.lstrip("."))
            if named is None:
                return self.problem(expr.at, f"undeclared reference to '{expr.name}' (in container '')")
            expr.reference = type_value(named)
            return ("type", named) if named != ("type",) else ("type", ("type",))
        return kind

    def select(self, expr: Select) -> Kind:
        whole = dotted(expr) if not expr.optional else ""
        if whole:
            kind = self.declared.get(whole)
            named = environment.TYPE_NAMES.get(whole)
            if kind is not None or named is not None:
                expr.resolved = Ident(expr.at, whole)
                expr.resolved.reference = None if named is None else type_value(named)
                expr.resolved.kind = kind if kind is not None else ("type", named)
                self.names.add(whole if kind is not None else "")
                return expr.resolved.kind
        result = self.selected(expr)
        return BOOL if expr.test else substituted(self.bound, result)

    def selected(self, expr: Select) -> Kind:
        operand = substituted(self.bound, self.check(expr.operand))
        target = unwrapped(operand)
        result: Kind = DYN
        if type(target) is tuple and target[0] == "map":
            result = target[2]
        elif type(target) is tuple and target[0] == "struct":
            result = self.field(expr, target[1])
        elif type(target) is tuple and target[0] == "var":
            assignable(self.bound, DYN, target)
        elif target not in (DYN, ERROR):
            self.problem(expr.at, f"type '{spelled(target)}' does not support field selection")
        if expr.optional or target is not operand:
            return optional_of(result)
        return result

    def field(self, expr: Select, struct: str) -> Kind:
        if struct == environment.VARIABLES_TYPE[1]:
            kind = self.variables.get(expr.field)
            if kind is not None:
                self.used[expr.field] = None
        else:
            fields = environment.STRUCTS.get(struct)
            if fields is None:
                return self.problem(expr.at, f"unexpected failed resolution of '{struct}'")
            kind = fields.get(expr.field)
        return self.problem(expr.at, f"undefined field '{expr.field}'") if kind is None else kind

    def call(self, expr: Call) -> Kind:
        if expr.function in NOTED:
            self.noted.append((expr, False))
        formatting = expr.function == "format"
        self.exempt += formatting
        kind = self.called(expr)
        self.exempt -= formatting
        return kind

    def called(self, expr: Call) -> Kind:
        arguments = [self.check(argument) for argument in expr.arguments]
        declared = functions()
        target = expr.target
        if target is not None:
            prefix = dotted(target)
            if prefix and f"{prefix}.{expr.function}" in declared:
                expr.function, expr.target, target = f"{prefix}.{expr.function}", None, None
        name = expr.function
        if target is not None:
            arguments.insert(0, self.check(target))
        name = name.lstrip(".") if target is None else name
        if name in ("_&&_", "_||_"):
            return self.logical(expr, arguments)
        overloads = declared.get(name)
        if overloads is None:
            return self.problem(expr.at, f"undeclared reference to '{expr.function}' (in container '')")
        expr.function = name
        found = self.resolve(name, overloads, target is not None, tuple(arguments))
        if found is None:
            said = tuple(self.final(kind) for kind in arguments)
            applied = kinds.signature(said, member=target is not None)
            return self.problem(expr.at, f"found no matching overload for '{name}' applied to '{applied}'")
        expr.overloads = found[0]
        return found[1]

    def logical(self, expr: Call, arguments: list[Kind]) -> Kind:
        result: Kind = BOOL
        for argument, kind in zip(expr.arguments, arguments, strict=True):
            if kind != BOOL and not assignable(self.bound, kind, BOOL):
                result = self.problem(argument.at, f"expected type 'bool' but found '{spelled(kind)}'")
        return result

    def resolve(
        self, name: str, overloads: tuple[Overload, ...], member: bool, arguments: tuple[Kind, ...]
    ) -> Resolved | None:
        arguments = tuple(substituted(self.bound, kind) for kind in arguments)
        if any(map(has_variables, arguments)) or name == "optional.none":
            return self.resolve_open(overloads, member, arguments)
        key = (name, member, arguments)
        if key in _RESOLVED:
            return _RESOLVED[key]
        found = self.resolve_open(overloads, member, arguments)
        # a type that is still open belongs to this expression
        if found is None or not has_variables(found[1]):
            if len(_RESOLVED) > _MAX_RESOLVED:
                _RESOLVED.clear()
            _RESOLVED[key] = found
        return found

    def resolve_open(
        self, overloads: tuple[Overload, ...], member: bool, arguments: tuple[Kind, ...]
    ) -> Resolved | None:
        fitting: list[str] = []
        result: Kind = None
        for overload in overloads:
            if overload.member is not member or len(overload.parameters) != len(arguments):
                continue
            parameters, gives = overload.parameters, overload.result
            if overload.generic:
                fresh: Bindings = {}
                parameters = tuple(self.instance(kind, fresh) for kind in parameters)
                gives = self.instance(gives, fresh)
            if not all_assignable(self.bound, arguments, parameters):
                continue
            fitting.append(overload.identity)
            gives = substituted(self.bound, gives)
            if result is None:
                result = gives
            elif result != DYN and gives != result:
                result = DYN
        return (tuple(fitting), result) if fitting else None

    def instance(self, kind: Kind, fresh: Bindings) -> Kind:
        """The type with variables of its own in place of the declaration's letters."""
        if not has_variables(kind):
            return kind
        if kind[0] == "var":
            if kind not in fresh:
                fresh[kind] = self.variable()
            return fresh[kind]
        return tuple(part if type(part) is str else self.instance(part, fresh) for part in kind)

    def list_literal(self, expr: ListExpr) -> Kind:
        self.noted.append((expr, self.exempt > 0))
        joined: Kind = None
        for position, item in enumerate(expr.items):
            kind = self.check(item)
            if position in expr.optional:
                kind = self.optional_item(item, kind)
            joined = self.joined(joined, kind)
        return list_of(self.variable() if joined is None else joined)

    def map_literal(self, expr: MapExpr) -> Kind:
        self.noted.append((expr, self.exempt > 0))
        keys: Kind = None
        values: Kind = None
        for key, value, optional in expr.entries:
            keys = self.joined(keys, self.check(key))
            kind = self.check(value)
            if optional:
                kind = self.optional_item(value, kind)
            values = self.joined(values, kind)
        if keys is None:
            keys, values = self.variable(), self.variable()
        return map_of(keys, values)

    def optional_item(self, item: Expr, kind: Kind) -> Kind:
        if not kinds.is_optional(kind) and kind != DYN:
            said = f"expected type '{spelled(optional_of(kind))}' but found '{spelled(kind)}'"
            self.problem(item.at, said)
        return unwrapped(kind)

    def joined(self, before: Kind, kind: Kind) -> Kind:
        if before is None:
            return kind
        return more_general(before, kind) if assignable(self.bound, before, kind) else DYN

    def message(self, expr: Message) -> Kind:
        # the few messages that the API server knows (wrappers of numbers and texts) have no use here
        return self.problem(expr.at, f"undeclared reference to '{expr.name}' (in container '')")

    def fold(self, expr: Fold) -> Kind:
        return loops.check_fold(self, expr)


_CHECKS: dict[type, Callable[[Checker, Any], Kind]] = {
    Literal: Checker.literal,
    Ident: Checker.ident,
    Select: Checker.select,
    Call: Checker.call,
    ListExpr: Checker.list_literal,
    MapExpr: Checker.map_literal,
    Fold: Checker.fold,
    Message: Checker.message,
}
