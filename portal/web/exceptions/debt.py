"""Exception debt as a page: the chart's bars, and each line's part of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.lifecycle.selectors.exception_debt import Debt

# of the drawing, in units of its own
WIDTH, HEIGHT, GAP = 720, 120, 10


@dataclass(frozen=True)
class Bar:
    start: datetime
    days: float
    x: str
    y: str
    width: str
    height: str


def context(debt: Debt) -> dict[str, Any]:
    return {
        "debt": debt,
        "bars": bars(debt),
        "chart": {"width": WIDTH, "height": HEIGHT},
        "most": str(max([line.days for line in (*debt.policies, *debt.teams)], default=0.0)),
    }


def bars(debt: Debt) -> list[Bar]:
    """One for each week; a week without debt has none that can be seen."""
    highest = max((days for _, days in debt.weeks), default=0.0)
    step = WIDTH / max(len(debt.weeks), 1)
    return [
        _bar(start, days, step * index, step - GAP, highest) for index, (start, days) in enumerate(debt.weeks)
    ]


def _bar(start: datetime, days: float, x: float, width: float, highest: float) -> Bar:
    height = HEIGHT * days / highest if highest else 0.0
    # as text, so that no locale puts a comma into them
    places = (x + GAP / 2, HEIGHT - height, width, height)
    return Bar(start, days, *(f"{place:.1f}" for place in places))
