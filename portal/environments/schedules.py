"""The windows of an environment as one schedule."""

from __future__ import annotations

from datetime import datetime

from portal.environments.models import Environment, Window
from portal.environments.window_checks import problems_of
from portal.environments.windows import HORIZON, Interval, Schedule


def schedule_of(environment: Environment) -> Schedule:
    """Its freezes and opening hours; one query, or none when `windows` were prefetched.

    With a row that cannot be read (its time zone is gone, say) the environment is closed, and says why.
    """
    rules = []
    for window in environment.windows.all():
        try:
            rule = window.rule
        except ValueError as wrong:
            return _unreadable(window.reason, str(wrong))
        if problems := problems_of(rule):
            return _unreadable(window.reason, problems[0][1])
        rules.append(rule)
    return Schedule(tuple(rules))


def next_of(window: Window, moment: datetime) -> Interval | None:
    """When it takes place next, or is taking place at `moment`; None: not within HORIZON, or unreadable."""
    rule = window.rule
    if problems_of(rule):
        return None
    return next(rule.intervals(moment, moment + HORIZON), None)


def _unreadable(reason: str, problem: str) -> Schedule:
    return Schedule(unreadable=f"The window “{reason}” cannot be read, so nothing runs. {problem}")
