"""What other limits of a team's pool would come to, worked out before anything is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from portal.lifecycle.models import QuotaPool
from portal.lifecycle.models.quota_pool import amounts
from portal.lifecycle.operations import quota
from portal.lifecycle.operations.pool_room import RESOURCES, WORDS, total
from portal.lifecycle.operations.quota import show
from portal.lifecycle.selectors import pools
from portal.lifecycle.selectors.pools import Claimed

NONE = Decimal(0)


@dataclass(frozen=True)
class Outlook:
    """One resource, as Kubernetes quantities; "" where nothing is limited.

    `others` and `together` are the limits of all pools on the same cluster without this one, and with this
    one as it would be. `problem` says why it cannot be, and names the namespaces that stand in the way.
    """

    resource: str
    before: str
    after: str
    claimed: str
    used: str
    left: str
    others: str
    together: str
    raises: bool
    lowers: bool
    problem: str = ""

    @property
    def word(self) -> str:
        return WORDS[self.resource]

    @property
    def changes(self) -> bool:
        return self.raises or self.lowers


@dataclass(frozen=True)
class Simulation:
    """Every resource that is limited now or would be; `teams` are the others that share the cluster."""

    lines: list[Outlook]
    teams: list[str]

    @property
    def problems(self) -> list[Outlook]:
        return [line for line in self.lines if line.problem]

    @property
    def changes(self) -> bool:
        return any(line.changes for line in self.lines)


def simulate(pool: QuotaPool, limits: Mapping[str, str]) -> Simulation:
    """`limits` takes the place of all that the pool has now. Reads only; a constant number of queries."""
    claims = pools.claimed(pool) if pool.pk else []
    used = quota.total(quota.from_json(each) for each in pools.usages(pool.team, pool.environment))
    neighbours = [each for each in pools.on_cluster_of(pool.environment) if each.pk != pool.pk]
    elsewhere = [each.hard for each in neighbours]
    now, then = pool.hard, amounts(limits)
    lines = [
        _outlook(
            name,
            now.get(name),
            then.get(name),
            claims,
            used,
            [each[name] for each in elsewhere if name in each],
        )
        for name in RESOURCES
        if name in now or name in then
    ]
    others = {each.team.name for each in neighbours if each.limits and each.team_id != pool.team_id}
    return Simulation(lines, sorted(others))


def _outlook(
    resource: str,
    now: Decimal | None,
    then: Decimal | None,
    claims: list[Claimed],
    used: Mapping[str, Decimal],
    elsewhere: list[Decimal],
) -> Outlook:
    claimed = total(claims).get(resource, NONE)
    others = sum(elsewhere, NONE)
    # to have no limit at all is the most that one can have
    raises = now is not None and (then is None or then > now)
    lowers = then is not None and (now is None or then < now)
    return Outlook(
        resource,
        _shown(now, resource),
        _shown(then, resource),
        show(claimed, resource),
        show(used[resource], resource) if resource in used else "",
        show(max(then - claimed, NONE), resource) if then is not None else "",
        show(others, resource),
        show(others + then, resource) if then is not None else "",
        raises=raises,
        lowers=lowers,
        problem=_problem(resource, then, claims) if lowers else "",
    )


def _shown(amount: Decimal | None, resource: str) -> str:
    return "" if amount is None else show(amount, resource)


def _problem(resource: str, limit: Decimal | None, claims: list[Claimed]) -> str:
    """What claims more than `limit`, by name."""
    if limit is None:
        return ""
    endless = [claim.name for claim in claims if resource not in claim.amounts]
    if endless:
        return f"These namespaces set no limit of their own on it: {', '.join(endless)}. Upgrade them first."
    claimed = total(claims).get(resource, NONE)
    if claimed <= limit:
        return ""
    largest = sorted(
        (claim for claim in claims if claim.amounts[resource]), key=lambda c: -c.amounts[resource]
    )
    named = ", ".join(f"{claim.name} {show(claim.amounts[resource], resource)}" for claim in largest)
    return f"{show(claimed, resource)} are claimed: {named}. It cannot be less than that."
