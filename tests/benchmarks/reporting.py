"""Figures for people: printed, and appended to .slipway/benchmarks.txt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

FILE = Path(__file__).parents[2] / ".slipway" / "benchmarks.txt"


def report(title: str, **figures: float) -> None:
    line = f"{title}: " + ", ".join(f"{name} {value:.2f}" for name, value in figures.items())
    print(f"\n{line}")
    FILE.parent.mkdir(exist_ok=True)
    with FILE.open("a") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M} {line}\n")
