"""Exception debt: how many days policies were waived, for which rules and teams, and whether it grows.

An exception-day is one exception that counts for one day. Debt that lasts says that a rule, or a platform,
has to change: a rule that is mostly waived protects nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q

from portal.accounts.models import User
from portal.core import clock
from portal.lifecycle.models import PolicyException, Violation
from portal.lifecycle.states import ExceptionState

DAY = timedelta(days=1)
WINDOW = timedelta(days=90)
WEEKS = 12
# a rule of which at least this share of what it finds is waived is a rule to look at again
MOSTLY = 0.5
FEWEST_FINDINGS = 3


@dataclass(frozen=True)
class Line:
    """The debt of one rule or one team in the window. `trend` is the last 30 days over the 30 before, less
    1; None when there was nothing before."""

    name: str
    days: float
    standing: int
    trend: float | None


@dataclass(frozen=True)
class Hint:
    """A rule that is mostly waived: `waived` of `found` things that it finds in what runs."""

    policy: str
    waived: int
    found: int

    @property
    def share(self) -> float:
        return self.waived / self.found


@dataclass
class Debt:
    """All of it, as one person may see it. `weeks` are exception-days a week, the oldest first."""

    since: datetime
    days: float = 0.0
    standing: int = 0
    policies: list[Line] = field(default_factory=list)
    teams: list[Line] = field(default_factory=list)
    weeks: list[tuple[datetime, float]] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)


def debt(user: User, *, now: datetime | None = None) -> Debt:
    """The debt of the last 90 days in what `user` may see."""
    moment = now or clock.now()
    since = moment - WINDOW
    rows = list(
        PolicyException.objects.visible_to(user)
        .filter(decided_at__lt=moment, expires_at__gt=since)
        .filter(Q(state__in=[ExceptionState.GRANTED, ExceptionState.REVOKED, ExceptionState.EXPIRED]))
        .select_related("application__team")
    )
    by_policy: dict[str, list[PolicyException]] = defaultdict(list)
    by_team: dict[str, list[PolicyException]] = defaultdict(list)
    for row in rows:
        by_policy[row.policy].append(row)
        by_team[row.application.team.slug].append(row)
    return Debt(
        since=since,
        days=_days(rows, since, moment),
        standing=sum(row.is_honoured_at(moment) for row in rows),
        policies=_lines(by_policy, since, moment),
        teams=_lines(by_team, since, moment),
        weeks=_weeks(rows, moment),
        hints=_hints(user),
    )


def _lines(groups: dict[str, list[PolicyException]], since: datetime, now: datetime) -> list[Line]:
    lines = [
        Line(
            name=name,
            days=_days(rows, since, now),
            standing=sum(row.is_honoured_at(now) for row in rows),
            trend=_trend(rows, now),
        )
        for name, rows in groups.items()
    ]
    return sorted(lines, key=lambda line: (-line.days, line.name))


def _days(rows: Iterable[PolicyException], start: datetime, end: datetime) -> float:
    """Exception-days between two moments, to a tenth."""
    total = sum((_overlap(row, start, end) for row in rows), timedelta())
    return round(total / DAY, 1)


def _overlap(row: PolicyException, start: datetime, end: datetime) -> timedelta:
    if row.decided_at is None:
        return timedelta()
    over = min(row.expires_at, row.ended_at or row.expires_at)
    return max(min(over, end) - max(row.decided_at, start), timedelta())


def _trend(rows: Sequence[PolicyException], now: datetime) -> float | None:
    month = timedelta(days=30)
    before = _days(rows, now - 2 * month, now - month)
    return round(_days(rows, now - month, now) / before - 1, 2) if before else None


def _weeks(rows: Sequence[PolicyException], now: datetime) -> list[tuple[datetime, float]]:
    week = timedelta(days=7)
    starts = [now - week * (WEEKS - index) for index in range(WEEKS)]
    return [(start, _days(rows, start, start + week)) for start in starts]


def _hints(user: User) -> list[Hint]:
    """From what the last scans found, in what runs."""
    counts = Violation.objects.visible_to(user).values("policy", "outcome").annotate(count=Count("id"))
    found: Counter[str] = Counter()
    waived: Counter[str] = Counter()
    for row in counts.order_by():
        found[row["policy"]] += row["count"]
        if row["outcome"] == Violation.Outcome.WAIVED:
            waived[row["policy"]] += row["count"]
    hints = [
        Hint(policy, waived[policy], count)
        for policy, count in found.items()
        if count >= FEWEST_FINDINGS and waived[policy] / count >= MOSTLY
    ]
    return sorted(hints, key=lambda hint: (-hint.share, hint.policy))
