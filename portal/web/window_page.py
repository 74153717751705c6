"""The windows of one environment: what is set, in words; what comes; adding and removing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import SlipwayError
from portal.environments import window_services
from portal.environments.models import Environment, Window
from portal.environments.rrules import parse
from portal.environments.schedules import next_of, schedule_of
from portal.environments.window_checks import problems_of, time_zones
from portal.environments.windows import Interval, Schedule
from portal.web import wording
from portal.web.forms.windows import MINUTES_A_DAY, NAMES, WindowForm
from portal.web.middleware import status_of

AHEAD = timedelta(days=14)
MOST_SHOWN = 40
USUAL_ZONE = "UTC"


@dataclass(frozen=True)
class Line:
    """One window: when, in words, when next, and what removing it would do at this moment."""

    window: Window
    words: str
    next: Interval | None
    running: bool
    removing: str


@dataclass
class WindowPage:
    actor: User
    environment: Environment
    form: WindowForm
    status: int = 200

    def add(self) -> Window | None:
        """Add what the form says; None when it was refused, with the reasons beside their causes."""
        if not self.form.is_valid():
            self.status = 422
            return None
        try:
            return window_services.create(self.environment, actor=self.actor, **self.form.asked)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return None

    def context(self) -> dict[str, Any]:
        now = clock.now()
        schedule = schedule_of(self.environment)
        coming = schedule.occurrences(now, now + AHEAD)
        return {
            "environment": self.environment,
            "window": schedule.state_at(now),
            "lines": [_line(each, schedule) for each in self.environment.windows.all()],
            "coming": coming[:MOST_SHOWN],
            "more": len(coming[MOST_SHOWN:]),
            "form": self.form,
            "zones": sorted(time_zones()),
        }


def of(actor: User, environment: Environment, posted: Any = None) -> WindowPage:
    """`environment` with its windows prefetched."""
    zones = [each.time_zone for each in environment.windows.all()]
    form = WindowForm(posted, initial={"time_zone": (zones or [USUAL_ZONE])[-1]})
    return WindowPage(actor, environment, form)


def _line(window: Window, schedule: Schedule) -> Line:
    now = clock.now()
    following = next_of(window, now)
    return Line(
        window,
        in_words(window),
        following,
        running=following is not None and following.start <= now,
        removing=_removing(window, schedule),
    )


def _removing(window: Window, schedule: Schedule) -> str:
    """`opens` or `closes`, when it would at once."""
    now, rest = clock.now(), list(schedule.rules)
    if schedule.unreadable or window.rule not in rest:
        return ""
    rest.remove(window.rule)
    before, after = schedule.state_at(now).open, Schedule(tuple(rest)).state_at(now).open
    return "" if before == after else "opens" if after else "closes"


def in_words(window: Window) -> str:
    """`Mon–Fri 09:00–17:00`; the RRULE itself where it says more than weekdays. Empty for a single one."""
    if not window.start_time or not window.minutes or problems_of(window.rule):
        return window.rrule
    hour = window.start_time.hour * 60 + window.start_time.minute + window.minutes
    end = f"{hour // 60 % 24:02}:{hour % 60:02}"
    times = f"{window.start_time:%H:%M}–{end}" if window.minutes <= MINUTES_A_DAY else _long(window)
    return f"{_days(window)} {times}"


def _long(window: Window) -> str:
    return f"from {window.start_time:%H:%M} for {wording.span(timedelta(minutes=window.minutes or 0))}"


def _days(window: Window) -> str:
    rule = parse(window.rrule)
    if rule.interval != 1 or rule.numbers or rule.frequency not in ("DAILY", "WEEKLY"):
        return window.rrule
    if rule.frequency == "DAILY" and not rule.days:
        return "every day"
    first = window.first_day.weekday() if window.first_day else 0
    days = sorted({day for _, day in rule.days}) or [first]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{NAMES[days[0]]}–{NAMES[days[-1]]}"
    return ", ".join(NAMES[day] for day in days)
