"""What is broken in a run, and when, drawn from its seed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.chaos.stack import Stack

# seconds between one kill and the next
PAUSES = (1.5, 5.0)
# what a cluster has answered is on disk within 30 ms; a kill at once would lose what etcd would not
SETTLING_SECONDS = 0.3
DOWN_SECONDS = 1.0


@dataclass(frozen=True)
class Kill:
    """`at` seconds from the begin."""

    at: float
    kind: str
    choice: float


def worker(stack: Stack, choice: float) -> str:
    """All processes of a worker at once, as when its container is killed."""
    name = _a_worker(stack, choice)
    stack.kill(name)
    return name


def worker_main(stack: Stack, choice: float) -> str:
    """Only the process above the pool."""
    name = _a_worker(stack, choice)
    stack.kill(name, tree=False)
    return name


def child(stack: Stack, choice: float) -> str:
    """One process of a pool, one at work if there is any."""
    name = _a_worker(stack, choice)
    return f"{name} process {stack.kill_child(name) or 'none'}"


def helm(stack: Stack, _choice: float) -> str:
    """Every helm that is at work; waits a moment for one."""
    end = time.monotonic() + 3.0
    while not stack.helms() and time.monotonic() < end:
        time.sleep(0.01)
    return f"{len(stack.kill_helm())} at work"


def broker(stack: Stack, _choice: float) -> str:
    """Valkey with every message."""
    stack.kill("valkey")
    return "all messages lost"


def flush(stack: Stack, _choice: float) -> str:
    """Every message, the broker goes on."""
    try:
        stack.broker.flush()
    except OSError:
        return "was down"
    return "all messages lost"


def sandbox(stack: Stack, choice: float) -> str:
    """The API server, once what it has answered is on disk."""
    stack.links["cluster"].cut()
    time.sleep(SETTLING_SECONDS)
    stack.kill("sandbox")
    time.sleep(DOWN_SECONDS + 2 * choice)
    stack.links["cluster"].mend()
    return "down for seconds"


def web(stack: Stack, _choice: float) -> str:
    """All web processes at once."""
    stack.kill("web")
    return "in mid-request or not"


def beat(stack: Stack, _choice: float) -> str:
    """No sweeps until it is back."""
    stack.kill("beat-1")
    return "no sweeps for seconds"


def database(stack: Stack, choice: float) -> str:
    """A crash, or a restart that cuts off its clients."""
    if choice < 0.5:
        stack.kill("database")
    else:
        stack.stop("database")
    time.sleep(DOWN_SECONDS * choice)
    stack.start("database")
    return "crashed" if choice < 0.5 else "restarted"


def connections(stack: Stack, choice: float) -> str:
    """Every open connection to database or cluster."""
    name = "database" if choice < 0.5 else "cluster"
    return f"{stack.links[name].drop()} to the {name}"


KINDS: Mapping[str, tuple[int, Callable[[Stack, float], str]]] = {
    "worker": (5, worker),
    "worker main": (2, worker_main),
    "child": (5, child),
    "helm": (5, helm),
    "broker": (2, broker),
    "flush": (1, flush),
    "sandbox": (2, sandbox),
    "web": (3, web),
    "beat": (1, beat),
    "database": (2, database),
    "connections": (2, connections),
}


def plan(seed: int, seconds: float) -> list[Kill]:
    """Kills up to `seconds`. Each kind comes once before chance decides."""
    dice = random.Random(f"kills {seed}")  # noqa: S311 dice, not a secret
    first = list(KINDS)
    dice.shuffle(first)
    weights = [weight for weight, _ in KINDS.values()]
    found, at = [], dice.uniform(*PAUSES)
    while at < seconds:
        kind = first.pop() if first else dice.choices(tuple(KINDS), weights)[0]
        found.append(Kill(at, kind, dice.random()))
        at += dice.uniform(*PAUSES)
    return found


class Breaker:
    """Carries a plan out. What a kill found is counted by kind."""

    def __init__(self, stack: Stack, kills: list[Kill]) -> None:
        self.stack = stack
        self.left = list(kills)
        self.done: Counter[str] = Counter()

    def due(self, elapsed: float) -> str:
        """Carry out the next kill if its time has come; what it did, or nothing."""
        if not self.left or elapsed < self.left[0].at:
            return ""
        kill = self.left.pop(0)
        _, act = KINDS[kill.kind]
        said = act(self.stack, kill.choice)
        self.done[kill.kind] += 1
        return f"{kill.kind}: {said}"


def _a_worker(stack: Stack, choice: float) -> str:
    names = [name for name in stack.children if name.startswith("worker")]
    return names[int(choice * len(names))]
