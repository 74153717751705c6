"""How many workers are at work on one cluster at once: each takes one of its places, and gives it back with
its lease.

The database holds the bound: a place of a cluster is in one change's row at most. Places of lost workers are
cleared away by whoever looks for one after their leases have ended.
"""

from __future__ import annotations

import random
from datetime import datetime

from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest


def free_place(cluster: Cluster, now: datetime) -> int | None:
    """A place that nobody has taken; None when the cluster is as busy as it may be. Another may take it
    first: the database refuses the second."""
    taken = dict(ChangeRequest.objects.filter(slot_cluster=cluster).values_list("slot", "lease_expires_at"))
    if any(ends is None or ends < now for ends in taken.values()):
        ChangeRequest.objects.filter(slot_cluster=cluster, lease_expires_at__lt=now).update(
            slot=None, slot_cluster=None
        )
        taken = {slot: ends for slot, ends in taken.items() if ends is not None and ends >= now}
    free = [place for place in range(cluster.concurrency) if place not in taken]
    return free[random.randrange(len(free))] if free else None  # noqa: S311 only so that few want the same
