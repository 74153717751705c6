"""What tables of roles ask for: a limited quota, a raise of it that waits."""

from __future__ import annotations

from typing import Any

from portal.core import clock
from portal.lifecycle.models import QuotaPool, QuotaRaise
from tests.api.conftest import World
from tests.factories import TeamFactory

LIMITS = {"requests.cpu": "40", "pods": "100"}
PLACE = {"team": "shop", "environment": "dev"}
REASON = "The sale begins on Friday."


def pool(world: World) -> QuotaPool:
    found, _ = QuotaPool.objects.get_or_create(
        team=world.shop, environment=world.dev, defaults={"limits": LIMITS}
    )
    return found


def asked(world: World) -> QuotaRaise:
    """A wish of alice's."""
    about = {"before": LIMITS, "limits": LIMITS | {"pods": "200"}, "reason": REASON}
    who = {"requested_by": world.people["alice"], "requested_at": clock.now()}
    found = QuotaRaise.objects.filter(pool=pool(world)).first()
    return found or QuotaRaise.objects.create(pool=pool(world), **about, **who)


def another_pool(world: World, number: int) -> QuotaPool:
    team = TeamFactory(slug=f"team-{number}")
    return QuotaPool.objects.create(team=team, environment=world.dev, limits=LIMITS)


def another_raise(world: World, number: int) -> QuotaRaise:
    about = {"before": LIMITS, "limits": LIMITS, "reason": REASON, "requested_at": clock.now()}
    made = another_pool(world, number)
    return QuotaRaise.objects.create(pool=made, requested_by=world.people["alice"], **about)


def wish(world: World) -> dict[str, Any]:
    pool(world)
    return {**PLACE, "limits": {"pods": "200"}}


def reasoned(world: World) -> dict[str, Any]:
    return {**wish(world), "reason": REASON}


def lower(world: World) -> dict[str, Any]:
    pool(world)
    return {**PLACE, "limits": {"pods": "50"}, "reason": "The cluster is small."}
