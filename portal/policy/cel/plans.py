"""What planning makes: closures over a state, with what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time
from typing import Any, Final, NamedTuple, TypeAlias

from portal.policy.cel.costs import PER_CALL_LIMIT
from portal.policy.cel.errors import CANCELLED, Cancelled

# the cost so far, the activation, the processor time at which to give up, the roots, the loops' variables
State: TypeAlias = list[Any]
Evaluate: TypeAlias = Callable[[State], Any]
COST, ACTIVATION, DEADLINE = 0, 1, 2
ROOT_SLOTS: Final = {"object": 3, "oldObject": 4, "request": 5, "namespaceObject": 6, "params": 7}
FIRST_LOCAL: Final = 8
# how many characters, or eighths of list elements, one policy may make by what hardly costs anything
MAX_HELD: Final = 64 * 1024 * 1024
# processor seconds that one policy may take for one request: cost says little of how long a thing takes here
TIME_LIMIT: Final = 1.0
INTERRUPTED: Final = "operation interrupted"


class Plan(NamedTuple):
    """`cost` is what evaluating it costs at least; `attribute`: it is a variable with fields, if any."""

    run: Evaluate
    cost: int = 0
    attribute: bool = False
    constant: bool = False
    value: Any = None


def constant(value: Any) -> Plan:
    return Plan(lambda _: value, constant=True, value=value)


def charge(state: State, cost: int) -> None:
    """Add to the cost; raises Cancelled when it is too much."""
    total = state[COST] = state[COST] + cost
    if total > PER_CALL_LIMIT:
        raise Cancelled(CANCELLED)


def hold(state: State, value: Any) -> Any:
    """Note that a text or a list was made; raises Cancelled when they are too many together."""
    kind = type(value)
    if kind is str or kind is bytes or kind is list:
        activation = state[ACTIVATION]
        activation.held += len(value) * (8 if kind is list else 1)
        if activation.held > MAX_HELD:
            raise Cancelled(CANCELLED)
    return value


def check_time(state: State) -> None:
    if thread_time() > state[DEADLINE]:
        raise Cancelled(INTERRUPTED)
