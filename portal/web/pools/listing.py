"""All teams' quotas, for those who look after the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.lifecycle.models import QuotaPool
from portal.lifecycle.operations import pool_room
from portal.lifecycle.operations.pool_room import Standing
from portal.lifecycle.selectors import pools
from portal.web.access import SignedIn
from portal.web.paging import page_of


@dataclass(frozen=True)
class Row:
    """A pool, with the lines that are nearest to their limits."""

    pool: QuotaPool
    namespaces: int
    lines: list[Standing]


def context(request: SignedIn) -> dict[str, Any]:
    page = page_of(pools.listed(request.user).order_by("team__name", "environment__order"), request)
    claims = pools.claimed_by_pool(page.object_list)
    rows = []
    for pool in page.object_list:
        mine = claims.get(pool.pk, [])
        lines = sorted(pool_room.standing(pool, mine), key=lambda line: -line.percent)
        rows.append(Row(pool, len(mine), lines[:3]))
    waiting = pools.raises(request.user).waiting().order_by("requested_at", "id")
    return {"page": page, "rows": rows, "waiting": list(waiting[:50])}
