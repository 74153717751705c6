"""What a stack is made of: its folder, ports, settings and parts."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tools.paths import VENV_PYTHON
from tools.supervisor.child import Part
from tools.supervisor.parts import Plan, make_plan
from tools.supervisor.ports import HOST
from tools.supervisor.state import State

# below those that the kernel gives to outgoing connections: nobody takes one while its part is down
PORTS = range(20_000, 32_000)
# of whoever runs the tests; nothing of it may reach a stack
NOT_PASSED_ON = (
    "PYTHONDONTWRITE",
    "SLIPWAY_",
    "DJANGO_",
    "_SLIPWAY",
    "CELERY_",
    "PYTEST_",
    "PGHOST",
    "PGPORT",
)


@dataclass(frozen=True)
class Shape:
    """How many of what. `pool`: processes of each worker."""

    workers: int = 1
    pool: int = 2
    beats: int = 1


def state_at(root: Path) -> State:
    """The folders of a state of its own."""
    state = State(root)
    for folder in (state.root, state.run, state.log):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state


def plan_of(state: State, settings: Mapping[str, str]) -> Plan:
    """The supervisor's plan, for these settings and none of ours."""
    passed = {name: text for name, text in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
    return make_plan(state, {**passed, "SLIPWAY_API_WRITES_PER_MINUTE": "0", **settings})


def services(plan: Plan, shape: Shape) -> Iterator[Part]:
    """Web, the workers and the beats, each under a name of its own."""
    (beat,) = plan.early()
    web, worker = plan.services()
    yield replace(web, grace=5.0)
    for number in range(1, shape.workers + 1):
        command = [str(VENV_PYTHON), "-m", "celery", "-A", "portal", "worker", "--loglevel", "INFO"]
        command += ["--without-gossip", "--without-mingle", "--concurrency", str(shape.pool)]
        name = f"worker-{number}"
        yield replace(worker, name=name, command=[*command, "--hostname", f"{name}@%h"], grace=5.0)
    for number in range(1, shape.beats + 1):
        schedule = ["--schedule", str(plan.state.run / f"beat-{number}")]
        yield replace(beat, name=f"beat-{number}", command=[*beat.command, *schedule])


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now, and that no outgoing connection will be given."""
    # not of the seed: two stacks with one seed must not choose the same
    dice = random.SystemRandom()
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            probe = held.enter_context(socket.socket())
            port = dice.choice(PORTS)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found.append(port)
    return found
