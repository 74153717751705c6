"""Who looks at which instance for drift: claimed with a lease, so that two never look at the same one."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, Value, When

from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest, DriftReport, ServiceInstance
from portal.lifecycle.states import EXECUTABLE_STATES, ChangeState

LEASE = timedelta(seconds=300)
# what ended longer ago was looked at since, as everything is
RECENTLY = timedelta(hours=1)
MOVED = (ChangeState.SUCCEEDED, ChangeState.FAILED)


def clusters_due() -> list[int]:
    """Clusters that answer and have something to look at, of which nobody is looking at any."""
    found = Cluster.objects.answering().filter(pk__in=due(clock.now()).values("environment__cluster"))
    return [pk for pk in found.order_by("pk").values_list("pk", flat=True) if not is_looked_at(pk)]


def is_looked_at(cluster_id: int) -> bool:
    """Whether a worker holds instances of this cluster: a second one would double the load on it."""
    reports = DriftReport.objects.filter(instance__environment__cluster=cluster_id)
    return reports.filter(lease_until__gt=clock.now()).exists()


def claim(cluster_id: int, limit: int, *, due_at: datetime | None = None) -> tuple[datetime, list[int]]:
    """Take at most `limit` instances of a cluster that were due then: what somebody asks for first, then what
    was looked at longest ago. The lease is the mark of whoever has it."""
    now = clock.now()
    ordered = (
        due(due_at or now)
        .filter(environment__cluster=cluster_id)
        .order_by(
            Case(When(_asked(), then=Value(0)), default=Value(1)),
            F("drift_report__tried_at").asc(nulls_first=True),
            "pk",
        )
    )
    return _take(list(ordered.values_list("pk", flat=True)[:limit]), now)


def claim_one(instance_id: int) -> datetime | None:
    """Take one instance, due or not; None when another has it, or a change of it is under way."""
    now = clock.now()
    free = _free(now).filter(pk=instance_id).values_list("pk", flat=True)
    lease, taken = _take(list(free), now)
    return lease if taken else None


def yields(cluster_id: int, ids: Collection[int], lease: datetime) -> bool:
    """Whether another had begun in this cluster when these were taken: then they are given back."""
    reports = DriftReport.objects.filter(instance__environment__cluster=cluster_id)
    others = reports.filter(lease_until__gt=clock.now(), lease_until__lt=lease)
    if others.exists():
        let_go(ids, lease)
        return True
    return False


def due(now: datetime) -> QuerySet[ServiceInstance]:
    """Free to be looked at, and: looked at too long ago, asked for, or moved by a change since."""
    moved = ChangeRequest.objects.filter(
        state__in=MOVED,
        finished_at__gt=now - RECENTLY,
        instance__drift_report__tried_at__lte=F("finished_at"),
    )
    another = Q(drift_report__release__isnull=False) & ~Q(drift_report__release=F("current_release"))
    stale = now - timedelta(seconds=settings.SLIPWAY_DRIFT_SECONDS)
    return _free(now).filter(
        Q(drift_report=None)
        | Q(drift_report__tried_at=None)
        | Q(drift_report__tried_at__lte=stale)
        | _asked()
        | another
        | Q(pk__in=moved.values("instance"))
    )


def let_go(ids: Collection[int], lease: datetime) -> None:
    """Without an answer: they stay due."""
    DriftReport.objects.filter(pk__in=ids, lease_until=lease).update(lease_until=None)


def _asked() -> Q:
    return Q(drift_report__asked_at__isnull=False) & (
        Q(drift_report__tried_at=None) | Q(drift_report__tried_at__lt=F("drift_report__asked_at"))
    )


def _free(now: datetime) -> QuerySet[ServiceInstance]:
    """Running, with no change under way, and nobody is looking."""
    return (
        ServiceInstance.objects.alive()
        .exclude(current_release=None)
        .exclude(changes__state__in=EXECUTABLE_STATES)
        .filter(
            Q(drift_report=None) | Q(drift_report__lease_until=None) | Q(drift_report__lease_until__lte=now)
        )
    )


def _take(ids: list[int], now: datetime) -> tuple[datetime, list[int]]:
    """Of many who try at once, one gets each."""
    lease = now + LEASE + timedelta(microseconds=random.randrange(1_000_000))  # noqa: S311 a mark, no secret
    DriftReport.objects.bulk_create([DriftReport(instance_id=pk) for pk in ids], ignore_conflicts=True)
    rows = DriftReport.objects.filter(pk__in=ids)
    rows.filter(Q(lease_until=None) | Q(lease_until__lte=now)).update(lease_until=lease)
    taken = set(rows.filter(lease_until=lease).values_list("pk", flat=True))
    return lease, [pk for pk in ids if pk in taken]
