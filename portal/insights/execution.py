"""How execution is doing, for Prometheus: what waits, for how long, and what does not answer."""

from __future__ import annotations

from django.db.models import Count, Min
from prometheus_client import CollectorRegistry, Gauge

from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.selectors.changes import due
from portal.lifecycle.states import ACTIVE_STATES


def registry() -> CollectorRegistry:
    """Gauges as they are at this moment; four queries on indexes, however many changes there have been."""
    found = CollectorRegistry()
    _changes(found)
    _clusters(found)
    return found


def _changes(found: CollectorRegistry) -> None:
    now = clock.now()
    active = Gauge("slipway_changes", "Changes that have not ended, by state.", ["state"], registry=found)
    counts = ChangeRequest.objects.filter(state__in=ACTIVE_STATES).order_by().values("state")
    for row in counts.annotate(n=Count("pk")):
        active.labels(row["state"]).set(row["n"])
    waiting = due(now).exclude(environment__cluster__retry_at__gt=now).order_by()
    facts = waiting.aggregate(n=Count("pk"), oldest=Min("run_after"))
    Gauge("slipway_changes_due", "Steps that wait for a worker.", registry=found).set(facts["n"])
    oldest = (now - facts["oldest"]).total_seconds() if facts["oldest"] else 0.0
    Gauge(
        "slipway_changes_due_oldest_seconds", "How long the oldest of them has waited.", registry=found
    ).set(oldest)
    at_work = ChangeRequest.objects.filter(lease_expires_at__gt=now).count()
    Gauge("slipway_workers_busy", "Workers with a step under way.", registry=found).set(at_work)


def _clusters(found: CollectorRegistry) -> None:
    up = Gauge(
        "slipway_cluster_answers", "Whether a cluster answers the portal.", ["cluster"], registry=found
    )
    for slug, since in Cluster.objects.values_list("slug", "unreachable_since"):
        up.labels(slug).set(0 if since else 1)
