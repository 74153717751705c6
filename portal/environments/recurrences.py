"""The local starts of a recurrence, worked out one month or one year at a time.

No period looks at another: a question about today does not walk through all days since the rule began, and a
rule that never happens costs no more than one that does. dateutil says what the days of a period are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from dateutil.rrule import MONTHLY, YEARLY, rrule, weekday

from portal.environments.rrules import Rule, parse

YEARS_TO_LOOK = 8  # February 29th comes at least every eighth year
# far enough to be beyond the last year: dateutil ends after one period
ONE_YEAR, ONE_MONTH = 10_000, 120_000


@dataclass(frozen=True)
class Recurrence:
    """Starts at `first`'s time of day, on the days of `rrule` from its date on, for the last time on `until`.
    All of it is local wall time, and so are the `minutes` that it takes."""

    rrule: str
    first: datetime
    minutes: int
    until: date | None = None

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def starts_in(self, year: int, month: int) -> tuple[datetime, ...]:
        """The naive local starts of a month, in order."""
        rule = parse(self.rrule)
        if rule.frequency == "YEARLY":
            found = [each for each in _year(self.rrule, self.first, year) if each.month == month]
        else:
            found = _month(rule, self.first, year, month)
        last = datetime.combine(self.until, time.max) if self.until else datetime.max
        return tuple(each for each in found if self.first <= each <= last)

    def ever_happens(self) -> bool:
        """Whether there is a start within eight years of `first`."""
        months = months_from(self.first)
        return any(self.starts_in(*next(months)) for _ in range(12 * YEARS_TO_LOOK + 1))


def months_from(moment: datetime) -> Iterator[tuple[int, int]]:
    """Year and month of `moment`, then of every month after it."""
    year, month = moment.year, moment.month
    while True:
        yield year, month
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


@lru_cache(maxsize=4096)
def _year(text: str, first: datetime, year: int) -> tuple[datetime, ...]:
    """The starts of one year of a yearly rule."""
    rule = parse(text)
    if (year - first.year) % rule.interval:
        return ()
    filters = _filters(rule, first)
    if not {"byweekno", "byyearday", "bymonthday", "byweekday"} & filters.keys():
        filters.setdefault("bymonth", first.month)
        filters["bymonthday"] = first.day
    return tuple(rrule(YEARLY, dtstart=datetime(year, 1, 1), interval=ONE_YEAR, **filters))


def _month(rule: Rule, first: datetime, year: int, month: int) -> list[datetime]:
    """The starts of one month of any other rule: the days that fit, and of those each interval's turn."""
    filters = _filters(rule, first)
    if rule.frequency == "WEEKLY":
        filters.setdefault("byweekday", [weekday(first.weekday())])
    elif not {"bymonthday", "byweekday"} & filters.keys():
        filters["bymonthday"] = first.day if rule.frequency == "MONTHLY" else range(1, 32)
    found = rrule(MONTHLY, dtstart=datetime(year, month, 1), interval=ONE_MONTH, **filters)
    return [each for each in found if _is_turn(rule, first, each)]


def _is_turn(rule: Rule, first: datetime, start: datetime) -> bool:
    if rule.frequency == "DAILY":
        passed = (start.date() - first.date()).days
    elif rule.frequency == "WEEKLY":
        passed = (_week(rule, start) - _week(rule, first)).days // 7
    else:
        passed = (start.year - first.year) * 12 + start.month - first.month
    return passed % rule.interval == 0


def _week(rule: Rule, moment: datetime) -> date:
    """The first day of its week."""
    return moment.date() - timedelta(days=(moment.weekday() - rule.week_starts) % 7)


def _filters(rule: Rule, first: datetime) -> dict[str, Any]:
    """The rule's parts as dateutil takes them; `first` says the time of day where the rule does not."""
    filters: dict[str, Any] = {name.lower(): list(values) for name, values in rule.numbers.items()}
    if rule.days:
        filters["byweekday"] = [weekday(day, n or None) for n, day in rule.days]
    filters.setdefault("byhour", first.hour)
    filters.setdefault("byminute", first.minute)
    return {**filters, "bysecond": 0, "wkst": rule.week_starts}
