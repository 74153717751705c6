"""A namespace's sealed limits are a claim on its team's pool, made with the release."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F

from portal.accounts.models import Team
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaClaim, QuotaPool, Release
from portal.lifecycle.operations import quota
from portal.lifecycle.operations.pool_room import room_of
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.services.pools.refusing import refuse_room


def hold(team: Team, environment: Environment) -> QuotaPool:
    """The pool, kept from everybody else until the caller's transaction ends; made when there was none.

    Writing the row is what locks it, in PostgreSQL and in SQLite alike: whoever claims next waits here, and
    then counts this one's claim.
    """
    pool, _ = QuotaPool.objects.get_or_create(team=team, environment=environment)
    QuotaPool.objects.filter(pk=pool.pk).update(serial=F("serial") + 1)
    return QuotaPool.objects.for_lists().get(pk=pool.pk)


def needs_pool() -> bool:
    """Whether a team without limits in an environment may make no namespace there."""
    return bool(settings.SLIPWAY_NAMESPACES_NEED_POOL)


def claim(release: Release, wish: Wish) -> None:
    """Claim what a namespace's release is limited to. Raises QuotaExceeded when the pool has no room by now.

    Belongs into the transaction that seals the release.
    """
    if not wish.offering.is_namespace:
        return
    pool = hold(wish.application.team, wish.environment)
    room = room_of(wish, release.objects_masked, release.instance)
    if room is not None and room.refused:
        refuse_room(room)
    wanted = quota.hard_limits(release.objects_masked)
    amounts = {resource: f"{amount:f}" for resource, amount in wanted.items()}
    QuotaClaim.objects.create(pool=pool, release=release, amounts=amounts)
