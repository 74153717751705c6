"""Fields and elements: `a.b`, `a[0]`, `a.?b`, `has(a.b)` (cel-go, interpreter/attributes.go).

A chain of them is one thing, as there: once a part of it is optional, all that follows is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from portal.policy.cel import environment
from portal.policy.cel.errors import CelError, ExpressionInvalid
from portal.policy.cel.plans import ACTIVATION, COST, Evaluate, Plan, State
from portal.policy.cel.tree import Call, Expr, Ident, Select
from portal.policy.cel.values import (
    NONE,
    Optional,
    Uint,
    double_text,
    find,
    go_name,
    is_whole,
    shown,
    type_name,
)

_ABSENT: Final = object()
_MISSED: Final = (KeyError, TypeError, IndexError)
_KEYS: Final = frozenset({str, int, Uint, bool, float})


class Step(NamedTuple):
    """One step of a chain: its key, or how to get it; whether it is optional."""

    key: Any
    run: Evaluate | None
    optional: bool


class Plans(Protocol):
    variables: dict[str, Any]

    def plan(self, expr: Expr) -> Plan: ...

    def local(self, name: str) -> int | None: ...


def plan_chain(planner: Plans, expr: Select | Call) -> Plan:
    steps: list[Step] = []
    inner = 0
    at: Expr = expr
    while True:
        if isinstance(at, Select) and at.resolved is None and (at is expr or not at.test):
            steps.append(Step(at.field, None, at.optional))
            at = at.operand
        elif isinstance(at, Call) and at.function in ("_[_]", "_[?_]"):
            key = planner.plan(at.arguments[1])
            if key.constant:
                if type(key.value) not in _KEYS:
                    said = f"invalid qualifier type: {go_name(key.value)}"
                    raise ExpressionInvalid(f"program instantiation failed: {said}")
                steps.append(Step(key.value, None, at.function == "_[?_]"))
            else:
                inner += key.cost - 1 if key.attribute else key.cost
                steps.append(Step(None, key.run, at.function == "_[?_]"))
            at = at.arguments[0]
        else:
            break
    steps.reverse()
    base, optional = _base(planner, at, steps)
    test = isinstance(expr, Select) and expr.test
    cost = base.cost + inner + len(steps) - test
    if test and not steps:
        # a variable of the policy is always there, if only it can be evaluated
        return Plan(lambda state: (base.run(state), True)[1], cost)
    if not steps:
        return base if not optional else Plan(_wrapped(base.run), base.cost, True)
    if test:
        return Plan(_presence(base.run, steps[:-1], steps[-1].key, optional), cost)
    if optional or any(step.optional for step in steps):
        return Plan(_optional_chain(base.run, steps, optional), base.cost + inner, True)
    return Plan(_plain_chain(base.run, steps), cost, True)


def _base(planner: Plans, at: Expr, steps: list[Step]) -> tuple[Plan, bool]:
    """What the chain starts from, and whether that is optional already."""
    if (
        isinstance(at, Ident)
        and at.name.lstrip(".") == environment.VARIABLES
        and planner.local(at.name) is None
    ):
        first = steps.pop(0)
        program = planner.variables[first.key]
        return Plan(lambda state: state[ACTIVATION].variable(program, state), 2, True), first.optional
    plan = planner.plan(at)
    if plan.attribute or (isinstance(at, Call) and at.function == "_?_:_"):
        return plan, False
    return plan._replace(cost=plan.cost + 1), False


def _wrapped(run: Evaluate) -> Evaluate:
    return lambda state: Optional(run(state))


def _plain_chain(base: Evaluate, steps: list[Step]) -> Evaluate:
    """Nothing here is written as optional; values may be all the same, which `_walk` sees to."""
    if any(step.run for step in steps):
        return lambda state: _walk(state, base(state), steps, False)
    keys = [step.key for step in steps]
    if any(type(key) is not str for key in keys):
        return lambda state: _walk(state, base(state), steps, False)
    if len(keys) == 1:
        (first,) = keys

        def one(state: State) -> Any:
            value = base(state)
            try:
                return value[first]
            except _MISSED:
                return _walk(state, value, steps, False)

        return one
    if len(keys) == 2:
        first, second = keys

        def two(state: State) -> Any:
            value = base(state)
            try:
                return value[first][second]
            except _MISSED:
                return _walk(state, value, steps, False)

        return two

    def many(state: State) -> Any:
        value = found = base(state)
        try:
            for key in keys:
                found = found[key]
        except _MISSED:
            return _walk(state, value, steps, False)
        return found

    return many


def _optional_chain(base: Evaluate, steps: list[Step], optional: bool) -> Evaluate:
    if any(step.run or type(step.key) is not str for step in steps):
        return lambda state: _walk(state, base(state), steps, optional, counted=True)
    start = 0 if optional else next(at for at, step in enumerate(steps) if step.optional)
    required, keys = [step.key for step in steps[:start]], [step.key for step in steps[start:]]

    def chain(state: State) -> Any:
        value = found = base(state)
        try:
            for key in required:
                found = found[key]
        except _MISSED:
            return _walk(state, value, steps, optional, counted=True)
        count = start
        for key in keys:
            if type(found) is not dict:
                return _walk(state, value, steps, optional, counted=True)
            found = found.get(key, _ABSENT)
            if found is _ABSENT:
                state[COST] += count
                return NONE
            count += 1
        state[COST] += count
        return Optional(found)

    return chain


def _presence(base: Evaluate, steps: list[Step], last: str, optional: bool) -> Evaluate:
    keys = [step.key for step in steps]
    plain = not optional and not any(step.run or step.optional or type(step.key) is not str for step in steps)

    def slow(state: State, value: Any) -> bool:
        held = _walk(state, value, steps, optional) if steps or optional else value
        if type(held) is Optional:
            if not held.present:
                return False
            held = held.value
        return lookup(held, last, presence=True) is not _ABSENT

    if not plain:
        return lambda state: slow(state, base(state))

    def test(state: State) -> bool:
        value = found = base(state)
        try:
            for key in keys:
                found = found[key]
        except _MISSED:
            return slow(state, value)
        return last in found if type(found) is dict else slow(state, value)

    return test


def _walk(state: State, value: Any, steps: Sequence[Step], optional: bool, *, counted: bool = False) -> Any:
    """Step by step; once optional, what is not there is nothing rather than an error."""
    if type(value) is Optional:
        if not value.present:
            return value
        value, optional = value.value, True
    for step in steps:
        key = step.key if step.run is None else step.run(state)
        if type(key) not in _KEYS:
            raise CelError(f"invalid qualifier type: {go_name(key)}")
        optional = optional or step.optional
        value = lookup(value, key, presence=optional)
        if value is _ABSENT:
            return NONE
        if counted:
            state[COST] += 1
    return Optional(value) if optional else value


def lookup(value: Any, key: Any, *, presence: bool) -> Any:
    """The field or element; `presence`: _ABSENT when it is not there, else CelError."""
    kind = type(value)
    if kind is dict:
        found = find(value, key, _ABSENT)
        if found is not _ABSENT or presence:
            return found
        raise CelError(f"no such key: {shown(key)}")
    if kind is list:
        at = _position(key)
        if 0 <= at < len(value):
            return value[at]
        if presence:
            return _ABSENT
        raise CelError(f"index out of bounds: {shown(key)}")
    if presence:
        return _ABSENT
    raise CelError(f"no such key: {shown(key)}")


def _position(key: Any) -> int:
    if type(key) is int or type(key) is Uint:
        return int(key)
    if type(key) is float:
        if is_whole(key):
            return int(key)
        raise CelError(f"unsupported index value {double_text(key)} in list")
    raise CelError(f"unsupported index type '{type_name(key)}' in list")
