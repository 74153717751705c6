"""`&&`, `||` and comparison with constants: what is evaluated most, each in the shortest way."""

from __future__ import annotations

from typing import Any, Final

from portal.policy.cel.errors import CelError
from portal.policy.cel.plans import COST, Evaluate, State

NO_OVERLOAD: Final = "no such overload"


def either(first: Evaluate, second: Evaluate, second_cost: int, decisive: bool) -> Evaluate:
    """`a && b` and `a || b`: what decides makes up for what fails."""
    undecided = not decisive

    def run(state: State) -> bool:
        failure: CelError | None = None
        try:
            value = first(state)
            if value is decisive:
                return not undecided
            if type(value) is not bool:
                failure = CelError(NO_OVERLOAD)
        except CelError as exc:
            failure = exc
        state[COST] += second_cost
        if failure is None:
            value = second(state)
            if type(value) is bool:
                return value is True
            raise CelError(NO_OVERLOAD)
        try:
            if second(state) is decisive:
                return not undecided
        except CelError:
            pass
        raise failure

    return run


def equals_text(run: Evaluate, wanted: str, positive: bool) -> Evaluate:
    if positive:
        return lambda state: type(value := run(state)) is str and value == wanted
    return lambda state: not (type(value := run(state)) is str and value == wanted)


def equals_one(run: Evaluate, wanted: Any, positive: bool) -> Evaluate:
    if positive:
        return lambda state: run(state) is wanted
    return lambda state: run(state) is not wanted


def any_of(first: Evaluate, rest: list[tuple[Evaluate, int]], decisive: bool) -> Evaluate:
    """As `either`, of more than two; `rest` with what each costs at least."""
    undecided = not decisive

    def run_all(state: State) -> bool:
        failure: CelError | None = None
        run, cost = first, 0
        following = iter(rest)
        while True:
            state[COST] += cost
            try:
                value = run(state)
                if value is decisive:
                    return not undecided
                if type(value) is not bool and failure is None:
                    failure = CelError(NO_OVERLOAD)
            except CelError as exc:
                failure = failure or exc
            pair = next(following, None)
            if pair is None:
                break
            run, cost = pair
        if failure is not None:
            raise failure
        return undecided

    return run_all
