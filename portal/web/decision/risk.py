"""How risky a change is, in a word: the number is for sorting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOW, MEDIUM, HIGH = "low", "medium", "high"
# From this number on, out of 100: portal/lifecycle/operations/risk.py says what it is made of.
FROM: Mapping[str, int] = {LOW: 0, MEDIUM: 30, HIGH: 60}


@dataclass(frozen=True)
class Risk:
    """A word, and what it is made of, the weightiest first."""

    word: str
    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"{self.word} risk" + (f": {', '.join(self.reasons)}" if self.reasons else "")


def of(score: int, reasons: list[str]) -> Risk:
    return Risk(word(score), tuple(reasons))


def word(score: int) -> str:
    return HIGH if score >= FROM[HIGH] else MEDIUM if score >= FROM[MEDIUM] else LOW


def bounds(name: str) -> tuple[int, int]:
    """From and below which number the risk is called so."""
    above = {LOW: FROM[MEDIUM], MEDIUM: FROM[HIGH], HIGH: 101}
    return FROM[name], above[name]
