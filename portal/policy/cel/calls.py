"""Calls of functions, planned: what they cost, and what can be said of them before they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from portal.policy.cel.conversions import CONVERSIONS
from portal.policy.cel.costs import AFTERWARDS, Cost, cost_of
from portal.policy.cel.dispatch import guarded
from portal.policy.cel.errors import CelError, ExpressionInvalid
from portal.policy.cel.functions.regexes import compiled
from portal.policy.cel.plans import Evaluate, Plan, State, charge, constant, hold
from portal.policy.cel.values import NUMBERS, contains, type_name

GROWING: Final = frozenset({"_+_", "replace", "format"})
NO_OVERLOAD: Final = "no such overload"


def conversion(name: str, overloads: tuple[str, ...], argument: Plan) -> Plan:
    convert = CONVERSIONS[name]
    if argument.constant:
        try:
            return constant(convert(argument.value))
        except CelError as exc:
            raise ExpressionInvalid(f"program instantiation failed: {exc}") from exc
    return called(guarded(convert, name, overloads), name, overloads, [argument])


def check_pattern(pattern: Any) -> None:
    if type(pattern) is str:
        try:
            compiled(pattern)
        except CelError as exc:
            raise ExpressionInvalid(f"program instantiation failed: {exc}") from exc


def unheld(name: str) -> Callable[..., Any]:
    """A function of values that there are none of here, which only a cluster's authorizer gives."""

    def call(*values: Any) -> Any:
        raise CelError(f"{NO_OVERLOAD}: {name}({', '.join(map(type_name, values))})")

    return call


def for_texts(implementation: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose pattern is known says less of what is no text."""

    def call(text: Any, *rest: Any) -> Any:
        if type(text) is not str:
            raise CelError(NO_OVERLOAD)
        return implementation(text, *rest)

    return call


def membership(wanted: Plan, held: list[Any]) -> Plan | None:
    """`x in [constants]`, which costs nothing; None when it cannot be told that quickly."""
    if not held:
        return constant(False)
    run = wanted.run
    if all(type(item) is str for item in held):
        texts = frozenset(held)
        return Plan(lambda state: type(value := run(state)) is str and value in texts, wanted.cost)
    if all(type(item) is bool or type(item) in NUMBERS or type(item) is str for item in held):
        return Plan(lambda state: contains(held, run(state)), wanted.cost)
    return None


def called(
    implementation: Callable[..., Any], name: str, overloads: tuple[str, ...], plans: list[Plan]
) -> Plan:
    fixed = sum(plan.cost for plan in plans)
    cost = cost_of(name, overloads)
    runs = [plan.run for plan in plans]
    if name in GROWING:
        return growing(implementation, cost, overloads, runs, fixed)
    if cost is None:
        if len(runs) == 1:
            only = runs[0]
            return Plan(lambda state: implementation(only(state)), fixed + 1)
        if len(runs) == 2:
            first, second = runs
            return Plan(lambda state: implementation(first(state), second(state)), fixed + 1)
        return Plan(lambda state: implementation(*[run(state) for run in runs]), fixed + 1)
    after = cost in AFTERWARDS

    def call(state: State) -> Any:
        arguments = tuple([run(state) for run in runs])
        if after:
            value = implementation(*arguments)
            charge(state, cost(overloads, arguments, value))
            return value
        charge(state, counted(cost, overloads, arguments))
        return implementation(*arguments)

    return Plan(call, fixed)


def counted(cost: Cost, overloads: tuple[str, ...], arguments: tuple[Any, ...]) -> int:
    """What a call costs; arguments of other types than expected fail anyway, and cost little."""
    try:
        return cost(overloads, arguments, None)
    except (TypeError, AttributeError, KeyError, IndexError):
        return 1


def growing(
    implementation: Callable[..., Any],
    cost: Cost | None,
    overloads: tuple[str, ...],
    runs: list[Evaluate],
    fixed: int,
) -> Plan:
    """A call that can make much of little."""

    def call(state: State) -> Any:
        arguments = tuple([run(state) for run in runs])
        charge(state, 1 if cost is None else counted(cost, overloads, arguments))
        value = implementation(*arguments)
        return value if type(value) in NUMBERS else hold(state, value)

    return Plan(call, fixed)
