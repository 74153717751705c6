"""What is wrong with a window before it counts: all of it at once, each beside its field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from portal.environments.recurrences import YEARS_TO_LOOK, Recurrence
from portal.environments.rrules import NoRecurrence, parse
from portal.environments.windows import Once, WindowRule

LONGEST_REASON = 300
LONGEST_MINUTES = 7 * 24 * 60
LONGEST_ONCE = timedelta(days=366)
YEARS = range(2000, 2101)
Problem = tuple[str, str, str]  # path, message, code


@lru_cache(maxsize=4096)
def problems_of(rule: WindowRule) -> tuple[Problem, ...]:
    return tuple(_problems(rule))


def _problems(rule: WindowRule) -> Iterator[Problem]:
    if not rule.reason.strip():
        yield "/reason", "Say why: everybody who waits reads it.", "required"
    if len(rule.reason) > LONGEST_REASON:
        yield "/reason", f"At most {LONGEST_REASON} characters.", "max_length"
    if rule.zone not in time_zones():
        yield "/time_zone", "There is no such time zone. Write it like Europe/Berlin, or UTC.", "unknown"
    yield from _once(rule.when) if isinstance(rule.when, Once) else _recurrence(rule.when)


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names that are known; `localtime` is whatever a machine happens to be set to."""
    return frozenset(available_timezones() - {"localtime"})


def _once(when: Once) -> Iterator[Problem]:
    for path, moment in (("/starts_at", when.start), ("/ends_at", when.end)):
        if moment.utcoffset() is None:
            yield path, "Say in which time zone, such as 2026-12-24T12:00:00+01:00.", "invalid"
            return
        if moment.year not in YEARS:
            yield path, f"The year is from {YEARS[0]} to {YEARS[-1]}.", "invalid"
    if when.end <= when.start:
        yield "/ends_at", "It must end after it starts.", "invalid"
    elif when.end - when.start > LONGEST_ONCE:
        yield "/ends_at", f"It may last at most {LONGEST_ONCE.days} days.", "too_long"


def _recurrence(when: Recurrence) -> Iterator[Problem]:
    if not 0 < when.minutes <= LONGEST_MINUTES:
        yield "/minutes", f"From 1 minute to a week ({LONGEST_MINUTES} minutes).", "invalid"
    if when.first.year not in YEARS:
        yield "/first_day", f"The year is from {YEARS[0]} to {YEARS[-1]}.", "invalid"
        return
    if when.first != when.first.replace(tzinfo=None, second=0, microsecond=0):
        yield "/start_time", "A full minute of local time, such as 09:00.", "invalid"
    if when.until and when.until < when.first.date():
        yield "/until", "The last day is before the first one.", "invalid"
        return
    try:
        parse(when.rrule)
    except NoRecurrence as wrong:
        yield "/rrule", str(wrong), "invalid"
        return
    if not when.ever_happens():
        span = "between its first and its last day" if when.until else f"within {YEARS_TO_LOOK} years"
        yield "/rrule", f"No day fits it {span}, so it would never take place.", "never"
