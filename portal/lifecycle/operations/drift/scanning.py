"""Looking for drift: what a cluster has, against what was sealed; only what another write has touched since
the last look is compared."""

from __future__ import annotations

import time

from django.conf import settings

from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import claiming
from portal.lifecycle.operations.drift.looking import Look
from portal.lifecycle.operations.drift.pacing import Pace

# of one cluster: instances at a time, and seconds in one round
AT_ONCE = 1000
SECONDS = 20.0


def scan_cluster(cluster_id: int, *, budget_seconds: float = SECONDS) -> int:
    """Look at what is due in one cluster, no faster than is allowed, until nothing is or the time is over.
    Returns how many instances were looked at."""
    if claiming.is_looked_at(cluster_id):
        return 0
    cluster = Cluster.objects.get(pk=cluster_id)
    deadline, count = time.monotonic() + budget_seconds, 0
    pace, began = Pace(settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND), clock.now()
    while time.monotonic() < deadline:
        lease, ids = claiming.claim(cluster_id, AT_ONCE, due_at=began)
        if not ids or claiming.yields(cluster_id, ids, lease) or not Look(cluster, ids, lease, pace).done():
            break
        count += len(ids)
    return count


def scan(instance: ServiceInstance) -> DriftReport:
    """Look at one instance now. Where somebody else is looking, or a change of it is under way, the report is
    as it was."""
    lease = claiming.claim_one(instance.pk)
    if lease is not None:
        pace = Pace(settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND)
        Look(instance.environment.cluster, [instance.pk], lease, pace).done()
    return DriftReport.objects.get_or_create(instance=instance)[0]


def scan_asked(instance_id: int) -> None:
    """Look at an instance if somebody asked and has no answer yet."""
    asked = DriftReport.objects.asked().filter(pk=instance_id)
    report = asked.select_related("instance__environment__cluster").first()
    if report is not None:
        scan(report.instance)
