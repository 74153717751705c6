"""What instances cost, by the prices of their plans: a month from now on, and this month so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Sum

from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.states import ChangeState


@dataclass(frozen=True)
class Cost:
    """In cents. `since` is when the present plan began to count."""

    monthly: int
    since: datetime | None
    this_month: int


def of_instance(instance: ServiceInstance) -> Cost:
    """One query. What was applied counts from when it was applied, in parts of the calendar month (UTC)."""
    done = instance.changes.filter(state=ChangeState.SUCCEEDED).exclude(finished_at=None)
    steps = [
        (at, cents or 0)
        for at, cents in done.order_by("finished_at").values_list(
            "finished_at", "release__plan__price_cents_per_month"
        )
        if at is not None
    ]
    return Cost(
        monthly=steps[-1][1] if steps else 0,
        since=_since(steps),
        this_month=so_far(steps, clock.now()),
    )


def so_far(steps: Iterable[tuple[datetime, int]], now: datetime) -> int:
    """What a month has cost until `now`; `steps` are (from when on, cents a month), oldest first."""
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    length = (begin + timedelta(days=32)).replace(day=1) - begin
    steps = [*steps, (now, 0)]
    total = 0.0
    for (at, cents), (end, _) in pairwise(steps):
        spent = min(end, now) - max(at, begin)
        total += cents * (max(spent, timedelta(0)) / length)
    return round(total)


def by_application(applications: Iterable[int]) -> dict[int, int]:
    """Cents a month of what runs, by application."""
    rows = ServiceInstance.objects.alive().filter(application__in=list(applications)).order_by()
    summed = rows.values("application").annotate(cents=Sum("current_release__plan__price_cents_per_month"))
    return {pk: cents or 0 for pk, cents in summed.values_list("application", "cents")}


def _since(steps: list[tuple[datetime, int]]) -> datetime | None:
    """When the last price began."""
    found = None
    for at, cents in reversed(steps):
        if cents != steps[-1][1]:
            break
        found = at
    return found
