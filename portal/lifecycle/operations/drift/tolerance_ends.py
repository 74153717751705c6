"""Tolerances whose date has come: what they covered counts again, and people are told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core import clock
from portal.lifecycle.models import DriftItem, DriftTolerance
from portal.lifecycle.operations.drift import counting, telling


def end_due() -> int:
    """Returns how many ended."""
    now = clock.now()
    over = DriftTolerance.objects.over_at(now).select_related(
        "instance__application__team", "instance__environment"
    )
    return sum(_end(tolerance, now) for tolerance in over)


@transaction.atomic
def _end(tolerance: DriftTolerance, now: datetime) -> bool:
    """Of two who try, one does it."""
    if not DriftTolerance.objects.filter(pk=tolerance.pk, ended_at=None).update(ended_at=now):
        return False
    items = DriftItem.objects.current().filter(instance=tolerance.instance_id)
    others = list(DriftTolerance.objects.live_at(now).filter(instance=tolerance.instance_id))
    covered = [item for item in items if tolerance.covers(item)]
    counting.recount(tolerance.instance_id)
    telling.tolerance_over(tolerance, counting.minded(covered, others))
    return True
