"""Freeze windows and opening hours: is it open at a moment, until when, and when does it open next.

Open is what no freeze covers and, where there are opening hours at all, some opening covers. A recurrence is
meant on the wall clock of its zone: 09:00 is 09:00 in summer and in winter. It starts when the clock reaches
the time (wall_clock.py); an opening ends when the clock first reaches its end, a freeze when the clock shows
its end for the last time. An hour that the clock shows twice is so frozen twice, and open once: denied when
unsure. What lies wholly in an hour that the clock leaves out does not take place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.environments.recurrences import Recurrence, months_from
from portal.environments.wall_clock import MOST_SKIPPED, passed, reached, shown

# what comes later is not looked for, and said to be unknown
HORIZON = timedelta(days=400)
OUTSIDE = "Outside opening hours"
UTC = "UTC"


class Kind(StrEnum):
    FREEZE = "freeze"
    OPENING = "opening"


class Interval(NamedTuple):
    """From `start` on, until just before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Once:
    """From one moment (aware) to another."""

    start: datetime
    end: datetime


def once(kind: Kind, zone: str, start: datetime, end: datetime) -> Once:
    """From one local time (naive) to another, as a recurrence would have it."""
    clock = ZoneInfo(zone)
    return Once(reached(start, clock), (passed if kind is Kind.FREEZE else reached)(end, clock))


@dataclass(frozen=True)
class WindowRule:
    """A freeze or an opening. `zone` is whose wall clock is meant, and in which times are shown."""

    kind: Kind
    reason: str
    zone: str
    when: Once | Recurrence

    def intervals(self, since: datetime, until: datetime) -> Iterator[Interval]:
        """What is not over at `since` and begins before `until`, by start; they may overlap."""
        if isinstance(self.when, Once):
            if self.when.end > since and self.when.start < until:
                yield Interval(self.when.start, self.when.end)
            return
        clock = ZoneInfo(self.zone)
        first = max(shown(since, clock) - self.when.duration - MOST_SKIPPED, self.when.first)
        last = shown(until, clock) + MOST_SKIPPED
        for year, month in months_from(first):
            if datetime(year, month, 1) > last:
                return
            found = _month(self.when, self.zone, self.kind, year, month)
            for each in found[bisect_right(found, since, key=attrgetter("end")) :]:
                if each.start >= until:
                    return
                yield each


@lru_cache(maxsize=8192)
def _month(when: Recurrence, zone: str, kind: Kind, year: int, month: int) -> tuple[Interval, ...]:
    """What begins in one local month; ordered by start and by end alike."""
    clock, ends = ZoneInfo(zone), passed if kind is Kind.FREEZE else reached
    starts = when.starts_in(year, month)
    found = (Interval(reached(each, clock), ends(each + when.duration, clock)) for each in starts)
    return tuple(each for each in found if each.start < each.end)


@dataclass(frozen=True)
class WindowState:
    """Whether it is open, why, and what comes next. `time_zone` is that of the rule that says when.

    `ends`: when this state ends. None: not within HORIZON. Closed, it is also the next opening.
    """

    open: bool
    reason: str
    ends: datetime | None
    time_zone: str

    @property
    def next_opening(self) -> datetime | None:
        """When closed, the first moment at which it is open. None: open, or none within HORIZON."""
        return None if self.open else self.ends


@dataclass(frozen=True)
class Occurrence:
    rule: WindowRule
    start: datetime
    end: datetime


class _Cursor:
    """A rule's intervals, walked through once as time goes on."""

    def __init__(self, rule: WindowRule, since: datetime, until: datetime) -> None:
        self.rule = rule
        self._rest = rule.intervals(since, until)
        self.head = next(self._rest, None)

    def covered_until(self, moment: datetime) -> datetime | None:
        """The end of what covers `moment`; None: nothing does, and `head` is what comes next."""
        while self.head and self.head.end <= moment:
            self.head = next(self._rest, None)
        return self.head.end if self.head and self.head.start <= moment else None


class _Walk:
    """From one moment on to where it opens or closes, once. `because` is the rule that said so."""

    def __init__(self, rules: Sequence[WindowRule], moment: datetime) -> None:
        self.moment, self.until = moment, moment + HORIZON
        self.freezes = [_Cursor(each, moment, self.until) for each in rules if each.kind is Kind.FREEZE]
        self.openings = [_Cursor(each, moment, self.until) for each in rules if each.kind is Kind.OPENING]
        self.because: WindowRule | None = None

    def to_opening(self) -> datetime | None:
        """The first moment at which it is open; None: none before `until`."""
        now = self.moment
        while now < self.until:
            thawed = self._over(self.freezes, now)
            if thawed > now:
                now = thawed
            elif not self.openings or self._over(self.openings, now) > now:
                return now
            elif starts := [each.head.start for each in self.openings if each.head]:
                now = min(starts)
            else:
                return None
        return None

    def to_closing(self) -> datetime | None:
        """The first moment at which it is no longer open, from an open one; None: none before `until`."""
        now = self.moment
        frozen = min((each for each in self.freezes if each.head), key=_start, default=None)
        limit = _start(frozen) if frozen else self.until
        while self.openings and now < limit:
            later = self._over(self.openings, now)
            if later == now:
                return now
            now = later
        self.because = frozen.rule if frozen else None
        return limit if frozen else None

    def _over(self, cursors: Sequence[_Cursor], now: datetime) -> datetime:
        """The end of what covers `now`, and of what covers that; `now` itself when nothing does."""
        for cursor in cursors:
            if end := cursor.covered_until(now):
                now, self.because = end, cursor.rule
        return now


def _start(cursor: _Cursor) -> datetime:
    return cursor.head.start if cursor.head else datetime.max


@dataclass(frozen=True)
class Schedule:
    """The rules of one environment. `unreadable` says what is wrong with one of them: then it is closed."""

    rules: tuple[WindowRule, ...] = ()
    unreadable: str = ""

    def state_at(self, moment: datetime) -> WindowState:
        if self.unreadable:
            return WindowState(False, self.unreadable, None, UTC)
        walk = _Walk(self.rules, moment)
        freezes = [(end, each.rule.reason) for each in walk.freezes if (end := each.covered_until(moment))]
        hours = [each.rule.reason for each in walk.openings if each.covered_until(moment)]
        if not freezes and (hours or not walk.openings):
            return WindowState(True, hours[0] if hours else "", walk.to_closing(), self._zone(walk))
        opening = walk.to_opening()
        reason = max(freezes)[1] if freezes else self._outside(walk)
        return WindowState(False, reason, opening, self._zone(walk))

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment from `moment` on at which it is open. None: none within HORIZON."""
        return None if self.unreadable else _Walk(self.rules, moment).to_opening()

    def occurrences(self, since: datetime, until: datetime) -> list[Occurrence]:
        """What is not over at `since` and begins before `until`, by start."""
        if self.unreadable:
            return []
        found = (Occurrence(rule, *each) for rule in self.rules for each in rule.intervals(since, until))
        return sorted(found, key=attrgetter("start", "end"))

    def _outside(self, walk: _Walk) -> str:
        because = walk.because
        return f"{OUTSIDE}: {because.reason}" if because and because.kind is Kind.OPENING else OUTSIDE

    def _zone(self, walk: _Walk) -> str:
        rule = walk.because or next(iter(self.rules), None)
        return rule.zone if rule else UTC
