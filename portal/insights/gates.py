"""How gates work: how long decisions take, how they end, and how often the glass is broken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.states import ChangeState

DEFAULT_MONTHS = 6
MOST_MONTHS = 24


@dataclass
class Row:
    """One environment in one month (UTC). Changes count in the month in which they were asked for, and only
    those that waited at the gate; passed gates in the month in which they were passed."""

    environment: str
    month: str
    asked: int = 0
    approved: int = 0
    rejected: int = 0
    expired: int = 0
    superseded: int = 0
    hours: list[float] = field(default_factory=list, repr=False)
    break_glass: int = 0
    unreviewed: int = 0
    overdue: int = 0
    unjustified: int = 0

    @property
    def median_hours(self) -> float | None:
        """From asking to the decision, of those that people approved or rejected; None: there were none."""
        return round(median(self.hours), 2) if self.hours else None

    @property
    def p90_hours(self) -> float | None:
        """The nearest-rank 90th percentile: nine of ten were decided in this time."""
        ranked = sorted(self.hours)
        return round(ranked[math.ceil(0.9 * len(ranked)) - 1], 2) if ranked else None


def report(months: int = DEFAULT_MONTHS, environments: Sequence[str] = ()) -> list[Row]:
    """The last `months`, this one included, newest first; environments in their order, without months in
    which nothing happened. Two queries, and one for the environments."""
    now = clock.now()
    since = _months_before(now, months - 1)
    stages = Environment.objects.order_by("order").values_list("slug", flat=True)
    wanted = [slug for slug in stages if not environments or slug in environments]
    rows: dict[tuple[str, str], Row] = {}
    _count_changes(rows, wanted, since)
    _count_glasses(rows, wanted, since, now)
    return sorted(rows.values(), key=lambda row: (wanted.index(row.environment), _descending(row.month)))


def _count_changes(rows: dict[tuple[str, str], Row], wanted: Sequence[str], since: datetime) -> None:
    waited = ChangeRequest.objects.filter(
        environment__slug__in=wanted, created_at__gte=since, evidence_asked_at__isnull=False
    )
    fields = ("environment__slug", "created_at", "decided_at", "state", "break_glass")
    for slug, asked, decided, state, glass in waited.values_list(*fields).order_by().iterator():
        row = _row(rows, slug, asked)
        row.asked += 1
        row.rejected += state == ChangeState.REJECTED
        row.expired += state == ChangeState.EXPIRED
        row.superseded += state == ChangeState.SUPERSEDED
        if decided is not None and glass is None:
            row.approved += state != ChangeState.REJECTED
            row.hours.append((decided - asked).total_seconds() / 3600)


def _count_glasses(
    rows: dict[tuple[str, str], Row], wanted: Sequence[str], since: datetime, now: datetime
) -> None:
    passed = BreakGlass.objects.filter(change__environment__slug__in=wanted, at__gte=since)
    fields = ("change__environment__slug", "at", "reviewed_at", "review_due_at", "review")
    for slug, at, reviewed, due, review in passed.values_list(*fields).order_by().iterator():
        row = _row(rows, slug, at)
        row.break_glass += 1
        row.unreviewed += reviewed is None
        row.overdue += (reviewed or now) > due
        row.unjustified += review == BreakGlass.Review.UNJUSTIFIED


def _row(rows: dict[tuple[str, str], Row], environment: str, moment: datetime) -> Row:
    month = f"{moment:%Y-%m}"
    return rows.setdefault((environment, month), Row(environment, month))


def _months_before(moment: datetime, months: int) -> datetime:
    """The first instant of the month that is `months` before that of `moment`."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _descending(month: str) -> int:
    return -int(month.replace("-", ""))
