"""What a namespace would take of its team's pool, and what would be left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings

from portal.accounts.models import Team
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaPool, ServiceInstance
from portal.lifecycle.operations.quota import QuotaLine, hard_limits, show
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.selectors import pools
from portal.lifecycle.selectors.pools import Claimed

GPU = "requests.nvidia.com/gpu"
RESOURCES = (
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
    "requests.storage",
    "persistentvolumeclaims",
    "pods",
    GPU,
)
NO_LIMIT = "no limit"


@dataclass(frozen=True)
class Room:
    """Lines of the pool with this namespace as it is and as it would be. `endless`: limited by the pool, not
    by the namespace, which could therefore take all of it. `missing`: a pool is needed, and there is none."""

    team: str
    environment: str
    lines: list[QuotaLine] = field(default_factory=list)
    endless: list[str] = field(default_factory=list)
    hard: dict[str, str] = field(default_factory=dict)
    missing: bool = False

    @property
    def refused(self) -> list[QuotaLine]:
        """Every reason at once: lines that are too much, then what would have no limit at all."""
        without = [QuotaLine(name, "", NO_LIMIT, self.hard[name], exceeded=True) for name in self.endless]
        none = [QuotaLine(name, "0", NO_LIMIT, "0", exceeded=True) for name in RESOURCES if self.missing]
        return [*(line for line in self.lines if line.exceeded), *without, *none]

    @property
    def address(self) -> str:
        """Where the team's pools are shown, and a raise is asked for."""
        return f"/teams/{self.team}/quota/"


def room_for(
    team: Team,
    environment: Environment,
    instance: ServiceInstance | None,
    *,
    now: Mapping[str, Decimal],
    wanted: Mapping[str, Decimal],
) -> Room:
    """`now` and `wanted` are the namespace's hard limits as they run, and as they are asked for."""
    pool = pools.of_place(team, environment)
    if pool is None or not pool.limits:
        missing = settings.SLIPWAY_NAMESPACES_NEED_POOL
        return Room(team.slug, environment.slug, missing=missing and not now)
    others = total(pools.claimed(pool, but=instance))
    lines = []
    for resource, limit in in_order(pool.hard):
        if resource not in wanted:
            continue
        taken = others.get(resource, Decimal(0))
        before, after = taken + now.get(resource, Decimal(0)), taken + wanted[resource]
        lines.append(
            QuotaLine(
                resource,
                show(before, resource),
                show(after, resource),
                show(limit, resource),
                exceeded=after > limit and after > before,
            )
        )
    endless = [name for name, _ in in_order(pool.hard) if name not in wanted and (name in now or not now)]
    hard = {resource: show(limit, resource) for resource, limit in pool.hard.items()}
    return Room(team.slug, environment.slug, lines, endless, hard)


def room_of(
    wish: Wish, objects: Iterable[Mapping[str, Any]], instance: ServiceInstance | None
) -> Room | None:
    """Of a wish for a namespace that comes to `objects`; None for a service. `instance`: whose claims of
    before are replaced."""
    if not wish.offering.is_namespace:
        return None
    now = hard_limits(wish.base.objects_masked) if wish.base else {}
    return room_for(wish.application.team, wish.environment, instance, now=now, wanted=hard_limits(objects))


def total(claims: Iterable[Claimed]) -> dict[str, Decimal]:
    """The sum, resource by resource."""
    result: dict[str, Decimal] = {}
    for claim in claims:
        for resource, amount in claim.amounts.items():
            result[resource] = result.get(resource, Decimal(0)) + amount
    return result


def in_order(limits: Mapping[str, Decimal]) -> list[tuple[str, Decimal]]:
    """As RESOURCES has them."""
    return [(resource, limits[resource]) for resource in RESOURCES if resource in limits]


@dataclass(frozen=True)
class Standing:
    """One resource of a pool: its limit, what namespaces claim of it, and what runs in them takes."""

    resource: str
    limit: str
    claimed: str
    used: str
    left: str
    percent: int
    used_percent: int
    over: bool

    @property
    def word(self) -> str:
        return WORDS[self.resource]


WORDS = {
    "requests.cpu": "CPU, requested",
    "requests.memory": "Memory, requested",
    "limits.cpu": "CPU, at most",
    "limits.memory": "Memory, at most",
    "requests.storage": "Storage",
    "persistentvolumeclaims": "Volumes",
    "pods": "Pods",
    GPU: "GPUs",
}


def standing(
    pool: QuotaPool, claims: Iterable[Claimed], used: Mapping[str, Decimal] | None = None
) -> list[Standing]:
    """How a pool stands, line by line; `used` is what was sealed of the services inside."""
    sums, used = total(claims), used or {}
    result = []
    for resource, limit in in_order(pool.hard):
        claimed, inside = sums.get(resource, Decimal(0)), used.get(resource, Decimal(0))
        left = max(limit - claimed, Decimal(0))
        result.append(
            Standing(
                resource,
                show(limit, resource),
                show(claimed, resource),
                show(inside, resource) if resource != GPU else "",
                show(left, resource),
                _percent(claimed, limit),
                _percent(inside, limit),
                over=claimed > limit,
            )
        )
    return result


def _percent(part: Decimal, whole: Decimal) -> int:
    if whole <= 0:
        return 100 if part > 0 else 0
    return min(100, int(part * 100 / whole))
