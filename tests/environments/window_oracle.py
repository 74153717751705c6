"""Windows told minute by minute, with no cleverness: what the schedule is compared with.

dateutil walks through every day of a recurrence, then each minute's wall clock is looked at. It has reached
a time from the first minute on that shows it or a later one, and has passed it from the last minute on that
shows it, or where none does, after the last one that shows an earlier time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from portal.environments.windows import Kind, Once, WindowRule

DAYS = 12  # on either side; what is asked stays three days from the middle
MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=64)
def clock_of(zone: str, middle: datetime) -> list[datetime]:
    """What the wall clock shows, minute by minute."""
    there = ZoneInfo(zone)
    return [each.astimezone(there).replace(tzinfo=None, fold=0) for each in minutes(middle)]


@lru_cache(maxsize=64)
def minutes(middle: datetime) -> list[datetime]:
    first = middle - timedelta(days=DAYS)
    return [first + index * MINUTE for index in range(2 * DAYS * 24 * 60)]


def open_minutes(rules: Iterable[WindowRule], middle: datetime) -> list[bool]:
    frozen, opened, hours = _nothing(middle), _nothing(middle), False
    for rule in rules:
        hours |= rule.kind is Kind.OPENING
        for first, last in _spans(rule, middle):
            line = frozen if rule.kind is Kind.FREEZE else opened
            line[first:last] = b"\x01" * max(last - first, 0)
    return [not cold and (warm or not hours) for cold, warm in zip(frozen, map(bool, opened), strict=True)]


def spans(rule: WindowRule, middle: datetime) -> list[tuple[datetime, datetime]]:
    """What takes place at all and begins within three days of the middle."""
    line, near = minutes(middle), timedelta(days=3)
    found = [(line[first], line[last]) for first, last in _spans(rule, middle) if first < last < len(line)]
    return [each for each in found if middle - near <= each[0] < middle + near]


def _nothing(middle: datetime) -> bytearray:
    return bytearray(len(minutes(middle)))


def _spans(rule: WindowRule, middle: datetime) -> list[tuple[int, int]]:
    if isinstance(rule.when, Once):
        line = minutes(middle)
        return [(_first(line, rule.when.start), _first(line, rule.when.end))]
    clock = clock_of(rule.zone, middle)
    dates = rrulestr(rule.when.rrule, dtstart=rule.when.first)
    last = datetime.combine(rule.when.until, time.max) if rule.when.until else clock[-1]
    starts = dates.between(clock[0] + timedelta(days=2), min(clock[-1], last), inc=True)
    end = _after if rule.kind is Kind.FREEZE else _first
    length = timedelta(minutes=rule.when.minutes)
    return [(_first(clock, each), end(clock, each + length)) for each in starts]


def _first(line: Sequence[datetime], moment: datetime) -> int:
    """Where the line first shows the moment or a later one."""
    begin, end = _around(line, moment)
    return next((index for index in range(begin, end) if line[index] >= moment), end)


def _after(line: Sequence[datetime], moment: datetime) -> int:
    """Where the line shows the moment for the last time, or what follows where it shows an earlier one."""
    begin, end = _around(line, moment)
    last = next((index for index in reversed(range(begin, end)) if line[index] <= moment), begin - 1)
    return last if begin <= last and line[last] == moment else last + 1


def _around(line: Sequence[datetime], moment: datetime) -> tuple[int, int]:
    """A part of the line with the moment in it: no clock here is ever put by more than a day."""
    guess, most = (moment - line[0]) // MINUTE, 27 * 60
    return min(max(guess - most, 0), len(line)), min(max(guess + most, 0), len(line))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
