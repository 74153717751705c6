"""Fifty windows asked whether it is open, against dateutil walking through the same recurrences."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from dateutil.rrule import rrulestr

from portal.environments import recurrences, windows
from portal.environments.recurrences import Recurrence
from portal.environments.windows import Kind, Schedule, WindowRule
from tests.benchmarks.reporting import report
from tests.environments.window_oracle import utc

pytestmark = pytest.mark.benchmark

NOW = utc(2026, 11, 25, 14)
ROUNDS = 20
RRULES = (
    "FREQ=DAILY;BYHOUR=0,6,12,18",  # as dense as is allowed
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca")
RULES = tuple(
    WindowRule(
        Kind.OPENING if number % 2 else Kind.FREEZE,
        f"window {number}",
        ZONES[number % len(ZONES)],
        Recurrence(RRULES[number % len(RRULES)], datetime(2020, 1, 1, number % 24, number), 30),
    )
    for number in range(50)
)


def milliseconds(ask: Callable[[datetime], object]) -> float:
    took = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        ask(NOW + timedelta(minutes=number))
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def cold(moment: datetime) -> object:
    windows._month.cache_clear()
    recurrences._year.cache_clear()
    return Schedule(RULES).state_at(moment)


def walked(moment: datetime) -> object:
    """What each rule's recurrence has last and next, without zones: less than the question that we answer."""
    local = moment.replace(tzinfo=None)
    rules = [rrulestr(each.when.rrule, dtstart=each.when.first) for each in RULES]  # type: ignore[union-attr]
    return [(rule.before(local), rule.after(local)) for rule in rules]


def test_fifty_windows_are_asked_in_a_fraction_of_walking_through_them() -> None:
    ours, walk, first = milliseconds(Schedule(RULES).state_at), milliseconds(walked), milliseconds(cold)
    report("state_at of 50 windows", warm_ms=ours, cold_ms=first, dateutil_ms=walk, times=walk / ours)
    assert ours * 20 < walk
    assert first < walk
