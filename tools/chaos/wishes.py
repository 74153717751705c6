"""What is asked for in a run, drawn from its seed: lanes of steps, each lane one instance after another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ENVIRONMENT, OFFERING, VERSIONS = "dev", "hooked", ("1.0.0", "1.1.0")
# (person, application): two teams, three namespaces
PLACES = (("alice", "storefront"), ("bob", "search"), ("pia", "ledger"))
# what may follow on what runs, with weights
KINDS = {"update": 9, "upgrade": 3, "rollback": 3, "broken": 2, "retire": 2}
# of changes one after another in a lane; the more lanes, the more happens at once
LANE_LENGTH = 9


@dataclass(frozen=True)
class Step:
    """One change. `pause` are the seconds before it is asked for, as a share of the run's time."""

    kind: str
    key: str
    text: str
    hook_seconds: int
    pause: float
    choice: float

    @property
    def values(self) -> dict[str, Any]:
        """What the chart gets. A broken one's hook fails, and helm with it."""
        return {"text": self.text, "hookSeconds": self.hook_seconds, "hookFails": self.kind == "broken"}


@dataclass(frozen=True)
class Lane:
    """Steps of one person for one application."""

    number: int
    person: str
    application: str
    steps: tuple[Step, ...]


def lanes(seed: int, changes: int) -> list[Lane]:
    """`changes` in all, the namespaces' own included."""
    dice = random.Random(f"wishes {seed}")  # noqa: S311 dice, not a secret
    rest = max(changes - len(PLACES), 1)
    count = max(1, round(rest / LANE_LENGTH))
    sizes = [rest // count + (1 if number < rest % count else 0) for number in range(count)]
    return [
        Lane(number, *PLACES[number % len(PLACES)], tuple(_steps(dice, seed, number, size)))
        for number, size in enumerate(sizes)
    ]


def _steps(dice: random.Random, seed: int, lane: int, size: int) -> Iterator[Step]:
    alive = False
    for place in range(size):
        kind = dice.choices(tuple(KINDS), tuple(KINDS.values()))[0] if alive else "create"
        alive = kind != "retire"
        name = f"c{seed}-{lane}-{place}"
        hook = dice.choice((0, 0, 1, 2))
        yield Step(kind, f"key-{name}", f"text-{name}", hook, dice.uniform(0.2, 1.0) / size, dice.random())
