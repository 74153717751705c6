"""From a checked tree to a function that evaluates it (cel-go, interpreter/planner.go and interpretable.go).

Every part becomes a closure over a state: a list that holds the cost so far, the activation, the roots, and
then the variables of loops. A part's fixed cost is added once, by whatever is sure to evaluate it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from portal.policy.cel import attributes, folds
from portal.policy.cel.calls import called, check_pattern, conversion, for_texts, membership, unheld
from portal.policy.cel.conversions import CONVERSIONS
from portal.policy.cel.costs import LIST_CREATE, MAP_CREATE, equality
from portal.policy.cel.dispatch import guarded
from portal.policy.cel.errors import CelError, ExpressionInvalid
from portal.policy.cel.functions import IMPLEMENTATIONS
from portal.policy.cel.functions.collections import sum_as
from portal.policy.cel.logic import any_of, either, equals_one, equals_text
from portal.policy.cel.operators import BINARY, UNARY
from portal.policy.cel.plans import (
    COST,
    FIRST_LOCAL,
    ROOT_SLOTS,
    Plan,
    State,
    check_time,
    constant,
)
from portal.policy.cel.tree import Call, Expr, Fold, Ident, ListExpr, Literal, MapExpr, Select
from portal.policy.cel.values import Optional, equal, put, shown

NO_OVERLOAD: Final = "no such overload"
CONTAINERS: Final = frozenset({list, dict})
_REGEX_ARGUMENTS: Final = frozenset({"matches", "find", "findAll"})


class Planner:
    """Plans one expression; `variables` gives the program of `variables.<name>`."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.scopes: list[dict[str, int]] = []
        self.depth = 0
        self.slots = 0

    def plan(self, expr: Expr) -> Plan:
        return _PLANS[type(expr)](self, expr)

    def local(self, name: str) -> int | None:
        name = name.lstrip(".")
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def enter(self, *names: str) -> list[int]:
        """Slots for the variables of a loop, which its body may then name."""
        found = [FIRST_LOCAL + self.depth + position for position in range(len(names))]
        self.depth += len(names)
        self.slots = max(self.slots, self.depth)
        self.scopes.append(dict(zip(names, found, strict=True)))
        return found

    def leave(self) -> None:
        self.depth -= len(self.scopes.pop())

    def literal(self, expr: Literal) -> Plan:
        return constant(expr.value)

    def ident(self, expr: Ident) -> Plan:
        slot = self.local(expr.name)
        if slot is None:
            if expr.reference is not None:
                return constant(expr.reference)
            slot = ROOT_SLOTS.get(expr.name.lstrip("."))
            if slot is None:
                raise ExpressionInvalid(f"'{expr.name}' can only be used with the name of a variable")
        return Plan(lambda state: state[slot], 1, True)

    def select(self, expr: Select) -> Plan:
        if expr.resolved is not None:
            return constant(expr.resolved.reference)
        return attributes.plan_chain(self, expr)

    def call(self, expr: Call) -> Plan:
        name = expr.function
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, expr)
        arguments = [self.plan(argument) for argument in expr.arguments]
        if expr.target is not None:
            arguments.insert(0, self.plan(expr.target))
        if expr.target is None and name in CONVERSIONS:
            return conversion(name, expr.overloads, arguments[0])
        if name == "@in" and expr.overloads == ("in_list",) and arguments[1].constant:
            member = membership(arguments[0], arguments[1].value)
            if member is not None:
                return member
        key = name if expr.target is None else f".{name}"
        implementation = BINARY.get(name) or UNARY.get(name) or IMPLEMENTATIONS.get(key) or unheld(name)
        if name == "sum":
            implementation = sum_as(expr.overloads)
        implementation = guarded(implementation, name, expr.overloads)
        if name in _REGEX_ARGUMENTS and arguments[1].constant:
            check_pattern(arguments[1].value)
            implementation = for_texts(implementation)
        return called(implementation, name, expr.overloads, arguments)

    def list_literal(self, expr: ListExpr) -> Plan:
        items = [self.plan(item) for item in expr.items]
        if all(item.constant for item in items) and not expr.optional:
            values = [item.value for item in items]
            return constant(values)
        cost = LIST_CREATE + sum(item.cost for item in items)
        runs = [item.run for item in items]
        if not expr.optional:
            if len(runs) == 1:
                only = runs[0]
                return Plan(lambda state: [only(state)], cost)
            return Plan(lambda state: [run(state) for run in runs], cost)
        parts = [(run, position in expr.optional) for position, run in enumerate(runs)]

        def build(state: State) -> list[Any]:
            found = []
            for run, optional in parts:
                value = run(state)
                if optional:
                    if type(value) is not Optional:
                        said = "cannot initialize optional list element from non-optional value"
                        raise CelError(f"{said} {shown(value)}")
                    if not value.present:
                        continue
                    value = value.value
                found.append(value)
            return found

        return Plan(build, cost)

    def map_literal(self, expr: MapExpr) -> Plan:
        plans = [(self.plan(key), self.plan(value), optional) for key, value, optional in expr.entries]
        cost = MAP_CREATE + sum(key.cost + value.cost for key, value, _ in plans)
        entries = [(key.run, value.run, optional) for key, value, optional in plans]

        def build(state: State) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for run_key, run_value, optional in entries:
                key, value = run_key(state), run_value(state)
                if optional:
                    if type(value) is not Optional:
                        said = f"cannot initialize optional entry '{shown(key)}' from non-optional value"
                        raise CelError(f"{said} {shown(value)}")
                    if not value.present:
                        found.pop(key, None)
                        continue
                    value = value.value
                if type(key) is str:
                    found[key] = value
                else:
                    put(found, key, value)
            return found

        if all(key.constant and value.constant and not optional for key, value, optional in plans):
            try:
                return constant(build([]))
            except CelError:
                # said when it is evaluated
                return Plan(build)
        return Plan(build, cost)

    def fold(self, expr: Fold) -> Plan:
        return folds.plan_fold(self, expr)

    def logical(self, expr: Call) -> Plan:
        plans = [self.plan(argument) for argument in expr.arguments]
        decisive = expr.function == "_||_"
        first, rest = plans[0], [(plan.run, plan.cost) for plan in plans[1:]]
        if len(rest) == 1:
            return Plan(either(first.run, *rest[0], decisive), first.cost)
        return Plan(any_of(first.run, rest, decisive), first.cost)

    def conditional(self, expr: Call) -> Plan:
        condition, chosen, other = (self.plan(argument) for argument in expr.arguments)
        test, run_chosen, run_other = condition.run, chosen.run, other.run
        # a variable that is chosen is looked up without being counted itself
        cost_chosen, cost_other = chosen.cost - chosen.attribute, other.cost - other.attribute

        def choose(state: State) -> Any:
            value = test(state)
            if value is True:
                state[COST] += cost_chosen
                return run_chosen(state)
            if value is False:
                state[COST] += cost_other
                return run_other(state)
            raise CelError(NO_OVERLOAD)

        return Plan(choose, condition.cost)

    def equality(self, expr: Call) -> Plan:
        left, right = (self.plan(argument) for argument in expr.arguments)
        wanted = expr.function == "_==_"
        cost = left.cost + right.cost
        if right.constant and type(right.value) is str and len(right.value) <= 10:
            return Plan(equals_text(left.run, right.value, wanted), cost + 1)
        if right.constant and (right.value is None or type(right.value) is bool):
            return Plan(equals_one(left.run, right.value, wanted), cost + 1)
        run_left, run_right = left.run, right.run

        def compare(state: State) -> bool:
            one, other = run_left(state), run_right(state)
            state[COST] += equality(one, other)
            if type(one) in CONTAINERS:
                check_time(state)
            return equal(one, other) is wanted

        return Plan(compare, cost)

    def alternative(self, expr: Call) -> Plan:
        """`or` and `orValue`, which evaluate their argument only when they need it."""
        if expr.target is None:
            raise ExpressionInvalid("'or' and 'orValue' are called on an optional")
        target, argument = self.plan(expr.target), self.plan(expr.arguments[0])
        run, run_other, cost = target.run, argument.run, argument.cost
        whole = expr.function == "or"

        def choose(state: State) -> Any:
            value = run(state)
            if type(value) is not Optional:
                return value
            if value.present:
                return value if whole else value.value
            state[COST] += cost
            return run_other(state)

        return Plan(choose, target.cost)

    def index(self, expr: Call) -> Plan:
        return attributes.plan_chain(self, expr)


_PLANS: dict[type, Callable[[Planner, Any], Plan]] = {
    Literal: Planner.literal,
    Ident: Planner.ident,
    Select: Planner.select,
    Call: Planner.call,
    ListExpr: Planner.list_literal,
    MapExpr: Planner.map_literal,
    Fold: Planner.fold,
}
_SPECIAL: dict[str, Callable[[Planner, Call], Plan]] = {
    "_&&_": Planner.logical,
    "_||_": Planner.logical,
    "_?_:_": Planner.conditional,
    "_==_": Planner.equality,
    "_!=_": Planner.equality,
    "or": Planner.alternative,
    "orValue": Planner.alternative,
    "_[_]": Planner.index,
    "_[?_]": Planner.index,
}
