"""One run: changes under kills, then calm, then the proof."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.chaos import clients, kills, proof, wishes
from tools.chaos.assembly import Shape
from tools.chaos.ledger import Ledger
from tools.chaos.stack import Stack
from tools.chaos.waiting import NotInTime
from tools.chaos.witness import Witness

SHAPE = Shape(workers=2, pool=2, beats=1)
SETTINGS = {"SLIPWAY_LEASE_SECONDS": "5"}
CALM_SECONDS = 900.0
# kills go on while there is something to break, for so many times the planned time at the most
PATIENCE = 3
Say = Callable[[str], None]


@dataclass
class Verdict:
    """`wrong` is empty when all is proven. `checks` are {what was proven: problems}."""

    seed: int
    seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    checks: dict[str, list[str]] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        return [problem for problems in self.checks.values() for problem in problems]


class Run:
    """A stack, who asks it for changes, and who breaks it."""

    def __init__(self, stack: Stack, *, seed: int, changes: int, seconds: float, say: Say) -> None:
        self.stack, self._say, self._changes, self._seconds = stack, say, changes, seconds
        self.ledger = Ledger()
        self.witness = Witness(stack.cluster)
        self.breaker = kills.Breaker(stack, kills.plan(seed, seconds * PATIENCE))
        clients.make_namespaces(stack, self.ledger, seed)
        self._lanes = wishes.lanes(seed, changes)
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def break_it(self) -> None:
        """Until all has been asked for and has ended, or the patience is over."""
        self._threads = clients.start(self.stack, self._lanes, self.ledger, self._seconds)
        told = 0.0
        while self.breaker.left and self._busy():
            done = self.breaker.due(self.elapsed)
            if done or self.elapsed - told > 1.0:
                told = self.elapsed
                self._progress(done)
            time.sleep(0.02)

    def calm(self) -> None:
        """Break nothing any more, and wait for the end of all that was asked for."""
        self._say("nothing is broken any more; waiting for calm")
        self.stack.mend()
        end = time.monotonic() + CALM_SECONDS
        while self._busy() and time.monotonic() < end:
            self._progress("")
            time.sleep(2)
        try:
            self.stack.settled(seconds=60)
        except NotInTime:
            self._say("it does not get calm; judged as it is")

    def _busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _progress(self, last: str) -> None:
        ends = self.ledger.ends()
        self._say(
            f"{self.elapsed:6.1f} s  {len(self.ledger.acknowledged):>3} of {self._changes} asked for,"
            f" {ends['succeeded']} succeeded, {ends.total() - ends['succeeded']} did not"
            f"{f'   ✂ {last}' if last else ''}"
        )

    def judge(self, verdict: Verdict) -> None:
        """Stop what works, and hold the cluster and the rows against what the clients were told."""
        verdict.seconds, verdict.kills, verdict.ends = self.elapsed, self.breaker.done, self.ledger.ends()
        self.stack.keep_alive = False
        verdict.checks["no process is left"] = list(proof.left_over(self.stack))
        self.witness.stop()
        judge = proof.Proof(self.stack, self.ledger, self.witness)
        for what, check in judge.checks().items():
            verdict.checks[what] = list(check())
        query = "SELECT outcome, count(*) AS many FROM lifecycle_rollout GROUP BY outcome"
        verdict.attempts.update({row["outcome"]: row["many"] for row in self.stack.sql(query)})


def run(seed: int, *, changes: int, seconds: float, folder: Path, say: Say) -> Verdict:
    """Changes are asked for over `seconds`, while all is being broken, until they have ended."""
    verdict, began = Verdict(seed), time.monotonic()
    with Stack(SHAPE, seed=seed, environment=SETTINGS, keep_alive=True, folder=folder) as stack:
        say(f"the stack serves after {time.monotonic() - began:.1f} s; logs in {stack.state.log}")
        one = Run(stack, seed=seed, changes=changes, seconds=seconds, say=say)
        one.break_it()
        one.calm()
        one.judge(verdict)
    return verdict
