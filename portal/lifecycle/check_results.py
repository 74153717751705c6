"""What the checks of a verification said last, as a change's row keeps it: read here, written by
operations/verification.py.

Of each check: name, kind, asks, wanted, times; ok (null: not asked yet), detail, said; passes and misses in
a row; at, since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

Result = dict[str, Any]
Results = Sequence[Result]


def since(results: Results) -> datetime | None:
    """When the verification began; None before."""
    return min((datetime.fromisoformat(each["since"]) for each in results), default=None)


def is_passed(result: Result) -> bool:
    return bool(result["passes"] >= result["times"])


def all_passed(results: Results) -> bool:
    return all(is_passed(each) for each in results)


def is_going_well(results: Results) -> bool:
    """Nothing was wrong the last time: a row of right answers that has begun in time may be completed."""
    return all(each["ok"] for each in results)


def progress(results: Results) -> str:
    """`health, 1 of 2 checks passed`: the first that is not done, and how far it is."""
    done = sum(is_passed(each) for each in results)
    count = f"{done} of {len(results)} check{'s' if len(results) != 1 else ''} passed"
    left = next((each["name"] for each in results if not is_passed(each)), "")
    return f"{left}, {count}" if left else count


def passed(results: Results) -> str:
    return f"{len(results)} check{'s' if len(results) != 1 else ''} passed"


def refusal(results: Results) -> str:
    """`health: got 500, wanted 200, 3 times.`"""
    wrong = [each for each in results if not is_passed(each)]
    return "; ".join(f"{each['name']}: {each['detail']}{_times(each['misses'])}" for each in wrong[:3]) + "."


def _times(misses: int) -> str:
    return f", {misses} times" if misses > 1 else ""
