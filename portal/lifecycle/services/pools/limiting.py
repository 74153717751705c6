"""A platform engineer limits a team's pool: for the first time, or to less. More is a raise."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core.errors import ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaPool
from portal.lifecycle.operations.pool_simulation import Simulation
from portal.lifecycle.selectors import pools
from portal.lifecycle.services.pools import claiming, wanted


def simulate(team: Team, environment: Environment, *, actor: User, limits: Any) -> Simulation:
    """What these limits would come to. Writes nothing. Raises as `limit`."""
    require(actor, Verb.CURATE)
    pool = pools.of_place(team, environment) or QuotaPool(team=team, environment=environment)
    return _check(pool, {**pool.limits, **wanted.read(limits)})


def limit(team: Team, environment: Environment, *, actor: User, limits: Any, reason: str) -> QuotaPool:
    """Set all limits of a pool: what is not named stays, and cannot be lifted here.

    Raises NotPermitted, and ValidationFailed: below what is claimed (with what claims it), no reason, or a
    limit that would grow, which somebody else has to grant.
    """
    require(actor, Verb.CURATE)
    given = wanted.read(limits)
    if not reason.strip():
        raise ValidationFailed.at("/reason", "Say why: the team reads it.", "required")
    with transaction.atomic():
        pool = claiming.hold(team, environment)
        before, after = pool.limits, {**pool.limits, **given}
        _check(pool, after)
        pool.limits = after
        pool.save(update_fields=["limits"])
        record(
            "quota.limited",
            pool,
            actor=actor,
            before={"limits": before},
            after={"limits": after},
            comment=reason.strip(),
        )
    return pool


def _check(pool: QuotaPool, limits: dict[str, str]) -> Simulation:
    """Nothing below what is claimed, and nothing beyond what it has."""
    found = wanted.check(pool, limits)
    grown = [line for line in found.lines if line.raises]
    if grown:
        said = "More than it has is a raise, which somebody else has to grant: the team asks for it."
        raise ValidationFailed([wanted.error(line.resource, said, "raise") for line in grown])
    return found
