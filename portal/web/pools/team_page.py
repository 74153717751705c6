"""A team's quota, environment by environment: limits, who claims what, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404

from portal.accounts.models import Team, User
from portal.accounts.permissions import scoped
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.operations import pool_room, quota
from portal.lifecycle.operations.pool_room import Standing
from portal.lifecycle.selectors import pools

RAISES = 20


@dataclass(frozen=True)
class Holding:
    """One namespace, and what it claims in the pool's own lines."""

    instance: int
    name: str
    application: str
    amounts: list[str]


@dataclass(frozen=True)
class Place:
    """One environment of a team. `lines` is empty where nothing is limited."""

    environment: Environment
    pool: QuotaPool | None
    lines: list[Standing]
    holdings: list[Holding]
    waiting: QuotaRaise | None


def team_of(user: User, slug: str) -> Team:
    return get_object_or_404(scoped(Team.objects.all(), user, "id"), slug=slug)


def context(user: User, team: Team) -> dict[str, Any]:
    environments = list(Environment.objects.order_by("order"))
    found = {pool.environment_id: pool for pool in pools.listed(user).filter(team=team)}
    claims = pools.claimed_by_pool(found.values())
    used = _used(team)
    raises = list(pools.raises(user).filter(pool__team=team)[:RAISES])
    waiting = {each.pool_id: each for each in raises if each.state == QuotaRaise.State.REQUESTED}
    places = []
    for environment in environments:
        pool = found.get(environment.pk)
        mine = claims.get(pool.pk, []) if pool else []
        lines = pool_room.standing(pool, mine, used.get(environment.pk)) if pool else []
        named = [line.resource for line in lines] or ["requests.cpu", "requests.memory", "pods"]
        holdings = [Holding(c.instance, c.name, c.application, _shown(c.amounts, named)) for c in mine]
        waits = waiting.get(pool.pk) if pool else None
        places.append(Place(environment, pool, lines, holdings, waits))
    return {
        "team": team,
        "stages": places,
        "raises": raises,
        "may_ask": user.access.may(Verb.REQUEST, team.pk),
        "may_limit": user.access.may(Verb.CURATE),
        "may_read_all": user.access.may(Verb.AUDIT),
        "needed": settings.SLIPWAY_NAMESPACES_NEED_POOL,
    }


def _used(team: Team) -> dict[int, quota.Usage]:
    by_environment: dict[int, list[quota.Usage]] = {}
    for environment, usage in pools.usages_by_environment(team):
        by_environment.setdefault(environment, []).append(quota.from_json(usage))
    return {environment: quota.total(usages) for environment, usages in by_environment.items()}


def _shown(amounts: dict[str, Any], named: list[str]) -> list[str]:
    """Each with the word of its resource, for people."""
    found = {name: quota.show(amount, name) for name, amount in amounts.items() if name in named}
    return [f"{pool_room.WORDS[name]} {found.get(name, pool_room.NO_LIMIT)}" for name in named]
