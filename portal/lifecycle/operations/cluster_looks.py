"""Looking at clusters now and then: whether they answer, in which version, and with which kinds.

Charts are rendered for what is written down here. Without it a cluster that was upgraded, or got an operator,
would be rendered for as it was when it was registered.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q

from portal.clusters.errors import ClusterError, ClusterTrouble, ClusterUnreachable
from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.environments import services
from portal.environments.models import Cluster
from portal.lifecycle.operations import breaker

LOOK_EVERY = timedelta(minutes=5)
BATCH = 20


def look_at_due(limit: int = BATCH) -> int:
    """Look at no more than `limit` clusters that were not looked at for LOOK_EVERY, and at those that are
    away as soon as the breaker lets somebody try. How many were looked at."""
    now = clock.now()
    due = (
        Cluster.objects.answering()
        .filter(Q(checked_at=None) | Q(checked_at__lt=now - LOOK_EVERY) | ~Q(unreachable_since=None))
        .order_by(F("checked_at").asc(nulls_first=True))[:limit]
    )
    count = 0
    for cluster in due:
        if _is_mine(cluster):
            look(cluster)
            count += 1
    return count


def look(cluster: Cluster) -> None:
    """Ask it, and write down what it says. That it does not answer counts as when a change finds that."""
    try:
        found = Kubernetes(cluster.connection).capabilities()
    except ClusterTrouble:
        return  # it is there, and has an error of its own
    except ClusterUnreachable as exc:
        breaker.failed(cluster, exc.message)
    except ClusterError as exc:
        breaker.answered(cluster)
        services.refused(cluster, exc.message)
    else:
        breaker.answered(cluster)
        services.learn(cluster, found)


def _is_mine(cluster: Cluster) -> bool:
    """Whether nobody else has begun to look meanwhile."""
    now = clock.now()
    if not Cluster.objects.filter(pk=cluster.pk, checked_at=cluster.checked_at).update(checked_at=now):
        return False
    return breaker.may_try(cluster, now)
