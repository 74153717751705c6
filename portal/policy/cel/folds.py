"""Loops: all, exists, exists_one, map, filter, transformMap and their like (cel-go, parser/macro.go).

The API server turns each into a loop with an accumulator, whose steps cost; the numbers here are those costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from portal.policy.cel.costs import LIST_CREATE, PER_CALL_LIMIT
from portal.policy.cel.errors import CANCELLED, Cancelled, CelError
from portal.policy.cel.functions.collections import insert, merge
from portal.policy.cel.plans import COST, Evaluate, Plan, State, check_time
from portal.policy.cel.tree import Expr, Fold
from portal.policy.cel.values import go_name

NO_OVERLOAD: Final = "no such overload"
# how many rounds pass between two looks at the clock, less one
ROUNDS: Final = 31


class Plans(Protocol):
    def plan(self, expr: Expr) -> Plan: ...

    def enter(self, *names: str) -> list[int]: ...

    def leave(self) -> None: ...


def plan_fold(planner: Plans, expr: Fold) -> Plan:
    range_ = planner.plan(expr.range)
    slots = planner.enter(expr.name, *([expr.second] if expr.second else []))
    body = planner.plan(expr.body)
    where = None if expr.where is None else planner.plan(expr.where)
    planner.leave()
    loop = _Loop(range_.run, slots)
    if expr.macro == "bind":
        return Plan(_bound(range_.run, slots[0], body.run), range_.cost + body.cost)
    if expr.macro in ("all", "exists"):
        return Plan(loop.quantified(body, decisive=expr.macro == "exists"), range_.cost + 1)
    if expr.macro == "exists_one":
        return Plan(loop.counted(body), range_.cost + 2)
    if expr.macro == "filter":
        return Plan(loop.filtered(body, body), range_.cost + 1)
    if expr.macro == "map":
        return Plan(loop.mapped(body, where), range_.cost + 1)
    return Plan(loop.inserted(body, where, whole=expr.macro == "transformMapEntry"), range_.cost + 1)


def _bound(range_: Evaluate, slot: int, body: Evaluate) -> Evaluate:
    def run(state: State) -> Any:
        state[slot] = range_(state)
        return body(state)

    return run


def holds(value: Any) -> bool:
    """What a condition came to; raises CelError when that is no boolean."""
    if value is True or value is False:
        return value is True
    raise CelError(NO_OVERLOAD)


class _Loop:
    """What the macros have in common: the range, and the variables that each round sets."""

    def __init__(self, range_: Evaluate, slots: list[int]) -> None:
        self.range = range_
        self.slots = slots

    def rounds(self, state: State) -> tuple[int, Iterable[Any]]:
        """How many there are, and the values of the one variable, or pairs for two."""
        value = self.range(state)
        kind = type(value)
        if len(self.slots) == 1:
            if kind is list or kind is dict:
                return len(value), value
            raise CelError(f"got '{go_name(value)}', expected iterable type")
        if kind is dict:
            return len(value), value.items()
        if kind is list:
            return len(value), enumerate(value)
        raise CelError(f"unsupported comprehension range type: {go_name(value)}")

    def quantified(self, body: Plan, *, decisive: bool) -> Evaluate:
        """`all` (False decides) and `exists` (True does): a round that decides outweighs others that fail."""
        slot, second = self.slots[0], self.slots[-1]
        two = len(self.slots) == 2
        run, rounds = body.run, self.rounds
        again = 3 if decisive else 2
        undecided = not decisive
        cost = body.cost + again + 1

        def loop(state: State) -> bool:
            failure: CelError | None = None
            count = 0
            length, items = rounds(state)
            for count, item in enumerate(items, 1):
                if two:
                    state[slot], state[second] = item
                else:
                    state[slot] = item
                total = state[COST] = state[COST] + cost
                if total > PER_CALL_LIMIT:
                    raise Cancelled(CANCELLED)
                if not count & ROUNDS:
                    check_time(state)
                try:
                    value = run(state)
                    if value is decisive:
                        # that it is decided is noticed at the next round, if there is one
                        state[COST] += again if count < length else 0
                        return not undecided
                    if type(value) is not bool and failure is None:
                        failure = CelError(NO_OVERLOAD)
                except CelError as exc:
                    failure = failure or exc
            if failure is not None:
                raise failure
            return undecided

        return loop

    def stepped(self, state: State, item: Any, cost: int, count: int) -> None:
        """Set the variables for a round, and count it."""
        if len(self.slots) == 2:
            state[self.slots[0]], state[self.slots[1]] = item
        else:
            state[self.slots[0]] = item
        total = state[COST] = state[COST] + cost
        if total > PER_CALL_LIMIT:
            raise Cancelled(CANCELLED)
        if not count & ROUNDS:
            check_time(state)

    def counted(self, body: Plan) -> Evaluate:
        run, cost = body.run, body.cost

        def loop(state: State) -> bool:
            found = 0
            failure: CelError | None = None
            for count, item in enumerate(self.rounds(state)[1], 1):
                self.stepped(state, item, cost, count)
                try:
                    if holds(run(state)):
                        found += 1
                        state[COST] += 2
                except CelError as exc:
                    failure = exc
            if failure is not None:
                raise failure
            return found == 1

        return loop

    def filtered(self, _body: Plan, where: Plan) -> Evaluate:
        run, cost, slot = where.run, where.cost, self.slots[0]

        def loop(state: State) -> list[Any]:
            found: list[Any] = []
            failure: CelError | None = None
            for count, item in enumerate(self.rounds(state)[1], 1):
                self.stepped(state, item, cost, count)
                try:
                    if holds(run(state)):
                        found.append(state[slot])
                        state[COST] += LIST_CREATE + 3
                except CelError as exc:
                    failure = exc
            if failure is not None:
                raise failure
            return found

        return loop

    def mapped(self, body: Plan, where: Plan | None) -> Evaluate:
        run = body.run
        step = body.cost + 2 + (0 if body.constant else LIST_CREATE)
        if where is not None:
            return self.chosen(where, step, list, lambda found, state: found.append(run(state)))

        def loop(state: State) -> list[Any]:
            found: list[Any] = []
            for count, item in enumerate(self.rounds(state)[1], 1):
                self.stepped(state, item, step, count)
                found.append(run(state))
            return found

        return loop

    def chosen(
        self, where: Plan, step: int, empty: Callable[[], Any], add: Callable[[Any, State], Any]
    ) -> Evaluate:
        """A loop whose rounds add something where a filter holds; of filters that fail, the last is told."""
        test, cost = where.run, where.cost

        def loop(state: State) -> Any:
            found = empty()
            failure: CelError | None = None
            for count, item in enumerate(self.rounds(state)[1], 1):
                self.stepped(state, item, cost, count)
                try:
                    wanted = holds(test(state))
                except CelError as exc:
                    failure = exc
                    continue
                if wanted and failure is None:
                    state[COST] += step
                    try:
                        add(found, state)
                    except CelError as exc:
                        failure = exc
            if failure is not None:
                raise failure
            return found

        return loop

    def inserted(self, body: Plan, where: Plan | None, *, whole: bool) -> Evaluate:
        """`transformMap`, and with `whole` `transformMapEntry`, whose rounds give a map each."""
        run, slot = body.run, self.slots[0]
        step = body.cost + (2 if whole else 3)

        def add(found: dict[Any, Any], state: State) -> None:
            if whole:
                merge(found, run(state))
            else:
                insert(found, state[slot], run(state))

        if where is not None:
            return self.chosen(where, step, dict, add)

        def loop(state: State) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for count, item in enumerate(self.rounds(state)[1], 1):
                self.stepped(state, item, step, count)
                add(found, state)
            return found

        return loop
