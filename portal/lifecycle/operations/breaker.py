"""A circuit breaker for each cluster: one that does not answer is left alone, and its changes wait.

After OPEN_AFTER failures in a row nobody tries until `retry_at`; the first who comes after that tries it out,
alone. One answer closes the breaker. What waits meanwhile says so, and uses up no attempts.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from portal.audit.recording import record
from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import EXECUTABLE_STATES

OPEN_AFTER = 3
LONGEST_PAUSE = 60.0
# how long whoever tries it out is alone with it
TRIAL = timedelta(seconds=15)


def failed(cluster: Cluster, message: str) -> bool:
    """Count a failure to reach it; whether the breaker is open now."""
    now = clock.now()
    Cluster.objects.filter(pk=cluster.pk).update(failures=F("failures") + 1)
    row = Cluster.objects.values("failures", "unreachable_since").get(pk=cluster.pk)
    if row["failures"] < OPEN_AFTER:
        return False
    pause = min(LONGEST_PAUSE, 2.0 ** min(row["failures"], 10)) * random.uniform(0.8, 1.2)  # noqa: S311 jitter
    opened = Cluster.objects.filter(pk=cluster.pk, unreachable_since=None).update(unreachable_since=now)
    Cluster.objects.filter(pk=cluster.pk).update(
        retry_at=now + timedelta(seconds=pause), reachable=False, message=message[:500], checked_at=now
    )
    if opened:
        record("cluster.lost", cluster, actor=None, after={"message": message[:500]})
    hold_changes(cluster)
    return True


def answered(cluster: Cluster) -> None:
    """It answers: close the breaker, if it had begun to open, also since this row was read."""
    if not Cluster.objects.filter(pk=cluster.pk, failures__gt=0).update(failures=0):
        return
    since = Cluster.objects.values_list("unreachable_since", flat=True).get(pk=cluster.pk)
    closed = Cluster.objects.filter(pk=cluster.pk, unreachable_since__isnull=False).update(
        unreachable_since=None, retry_at=None, reachable=True, message="", checked_at=clock.now()
    )
    if closed:
        record("cluster.answered", cluster, actor=None, before={"unreachable_since": str(since)})
        _of(cluster).filter(held=waits_for(cluster)).update(held="", run_after=clock.now())


def absence(cluster: Cluster) -> timedelta:
    """For how long it has not answered."""
    since = Cluster.objects.values_list("unreachable_since", flat=True).get(pk=cluster.pk)
    return clock.now() - since if since else timedelta()


def may_try(cluster: Cluster, now: datetime) -> bool:
    """Whether work on it may begin: it answers, or this caller is the one to try it out."""
    if cluster.unreachable_since is None:
        return cluster.retry_at is None or cluster.retry_at <= now
    return bool(
        Cluster.objects.filter(pk=cluster.pk, retry_at__lte=now)
        .exclude(retry_at=None)
        .update(retry_at=now + TRIAL)
    )


def hold_changes(cluster: Cluster) -> None:
    """Let what waits for it say so; also what was queued since the breaker opened."""
    _of(cluster).filter(held="").update(held=waits_for(cluster))


def hold_all() -> None:
    """As `hold_changes`, for every cluster that does not answer."""
    for cluster in Cluster.objects.filter(unreachable_since__isnull=False).only("name"):
        hold_changes(cluster)


def waits_for(cluster: Cluster) -> str:
    """As in "waiting on …"."""
    return f"the cluster {cluster.name}, which does not answer"


def _of(cluster: Cluster) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(environment__cluster=cluster, state__in=EXECUTABLE_STATES)
