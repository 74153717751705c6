"""Who reads a source: one worker at a time, by compare-and-swap, and another one when the first has died."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, Value, When

from portal.core import clock
from services_catalog.models import ChartSource
from services_catalog.sources.errors import LeaseLost

# longer than any one version may take; it is renewed with each
LEASE = timedelta(minutes=10)


@dataclass(frozen=True)
class Lease:
    """A worker's right to write what it finds. `due_at`: for when it was due, so that who asks meanwhile is
    heard."""

    source_id: int
    fence: int
    due_at: datetime | None

    def renew(self, **facts: Any) -> None:
        """Keep it, and write `facts` about the source. Raises LeaseLost when another has taken over."""
        held = ChartSource.objects.filter(pk=self.source_id, fence=self.fence, lease_until__isnull=False)
        if not held.update(lease_until=clock.now() + LEASE, **facts):
            raise LeaseLost

    def let_go(self, *, due_at: datetime, **facts: Any) -> None:
        """End it. The next sync is due at `due_at`, or when somebody has asked for it meanwhile."""
        unasked = Q(due_at=self.due_at) if self.due_at else Q(due_at=None)
        held = ChartSource.objects.filter(pk=self.source_id, fence=self.fence, lease_until__isnull=False)
        next_one = Case(When(unasked, then=Value(due_at)), default=F("due_at"))
        if not held.update(lease_until=None, due_at=next_one, **facts):
            raise LeaseLost


def claim(source: ChartSource) -> Lease | None:
    """Take the source, be it due or not; None when somebody has it."""
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    fence = source.fence + 1
    taken = (
        ChartSource.objects.present()
        .filter(free, pk=source.pk, fence=source.fence)
        .update(fence=fence, lease_until=now + LEASE, tried_at=now)
    )
    return Lease(source.pk, fence, source.due_at) if taken else None


def progress(counts: Mapping[str, Any]) -> dict[str, Any]:
    """What a page shows while it lasts."""
    return {"outcome_detail": dict(counts)}
