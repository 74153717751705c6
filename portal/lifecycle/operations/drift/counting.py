"""How much of what was found has to be minded: what somebody tolerates does not count until its date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from portal.core import clock
from portal.lifecycle.models import DriftItem, DriftReport, DriftTolerance

Status = DriftReport.Status


def recount(instance_id: int) -> None:
    """Bring an instance's report in line with its items and tolerances, inside the caller's transaction. What
    is not known stays so."""
    items = list(DriftItem.objects.current().filter(instance=instance_id))
    tolerances = list(DriftTolerance.objects.live_at(clock.now()).filter(instance=instance_id))
    minded = [item for item in items if not is_tolerated(item, tolerances)]
    counts = Counter(item.how for item in minded)
    rows = DriftReport.objects.filter(pk=instance_id)
    rows.update(**{how: counts[how] for how in DriftItem.How.values}, tolerated=len(items) - len(minded))
    rows.exclude(status=Status.UNKNOWN).update(status=Status.DRIFTED if minded else Status.IN_STEP)


def is_tolerated(item: DriftItem, tolerances: Sequence[DriftTolerance]) -> bool:
    return any(tolerance.covers(item) for tolerance in tolerances)


def minded(items: Iterable[DriftItem], tolerances: Sequence[DriftTolerance]) -> list[DriftItem]:
    return [item for item in items if not is_tolerated(item, tolerances)]
