"""Keeping the health of settled instances current, with a bounded load on the clusters."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q

from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import observation
from portal.lifecycle.states import ACTIVE_STATES

BATCH = 50
STALE = timedelta(seconds=30)


def refresh_oldest(limit: int = BATCH) -> int:
    """Refresh at most `limit` instances without a change under way whose health is older than STALE;
    none on clusters that do not answer: each would be waited for."""
    stale = (
        ServiceInstance.objects.alive()
        .exclude(current_release=None)
        .filter(Q(health_checked_at=None) | Q(health_checked_at__lt=clock.now() - STALE))
        .exclude(changes__state__in=ACTIVE_STATES)
        .exclude(environment__cluster__retry_at__gt=clock.now())
        .select_related("application", "environment__cluster", "offering", "current_release")
        .order_by(F("health_checked_at").asc(nulls_first=True))[:limit]
    )
    count = 0
    for instance in stale:
        observation.refresh(instance)
        count += 1
    return count
