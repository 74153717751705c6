"""Reading teams' quota pools: what claims them, what waits, what runs inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from portal.accounts.models import Team, User
from portal.accounts.roles import PLATFORM_TABLE, Verb
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaClaim, QuotaPool, QuotaRaise, ServiceInstance
from portal.lifecycle.models.quota_pool import QuotaRaiseQuerySet
from services_catalog.models import Role

DECIDING_ROLES = [role for role, verbs in PLATFORM_TABLE.items() if Verb.ALLOT in verbs]


@dataclass(frozen=True)
class Claimed:
    """What one namespace claims: of several releases that count, the most of each resource.

    A resource that is absent from a release's limits is absent from `amounts`: such a namespace could take
    any amount of it.
    """

    instance: int
    name: str
    application: str
    amounts: dict[str, Decimal]


def listed(user: User) -> QuerySet[QuotaPool]:
    return QuotaPool.objects.visible_to(user).for_lists()


def raises(user: User) -> QuotaRaiseQuerySet:
    return QuotaRaise.objects.visible_to(user).for_lists()


def of_place(team: Team, environment: Environment) -> QuotaPool | None:
    return QuotaPool.objects.for_lists().filter(team=team, environment=environment).first()


def claimed(pool: QuotaPool | None, *, but: ServiceInstance | None = None) -> list[Claimed]:
    """What each namespace claims of it, leaving out one. One query."""
    return claimed_by_pool([pool], but=but).get(pool.pk, []) if pool else []


def claimed_by_pool(
    pools: Iterable[QuotaPool], *, but: ServiceInstance | None = None
) -> dict[int, list[Claimed]]:
    """The same of many pools at once, by the pool's id. One query."""
    rows = QuotaClaim.objects.standing().filter(pool__in=list(pools))
    if but is not None:
        rows = rows.exclude(release__instance=but)
    found: dict[tuple[int, int], Claimed] = {}
    for pool, pk, name, application, stored in rows.order_by("release__instance__name", "pk").values_list(
        "pool",
        "release__instance",
        "release__instance__name",
        "release__instance__application__slug",
        "amounts",
    ):
        amounts = {resource: Decimal(amount) for resource, amount in stored.items()}
        earlier = found.get((pool, pk))
        if earlier is not None:
            both = amounts.keys() & earlier.amounts.keys()
            amounts = {resource: max(amounts[resource], earlier.amounts[resource]) for resource in both}
        found[pool, pk] = Claimed(pk, name, application, amounts)
    by_pool: dict[int, list[Claimed]] = {}
    for (pool, _), claim in found.items():
        by_pool.setdefault(pool, []).append(claim)
    return by_pool


def usages(team: Team, environment: Environment) -> list[dict[str, str]]:
    """What the services of a team that run in an environment count against quotas, as sealed."""
    rows = ServiceInstance.objects.alive().filter(
        application__team=team, environment=environment, offering__role=Role.SERVICE
    )
    return list(rows.exclude(current_release=None).values_list("current_release__usage", flat=True))


def usages_by_environment(team: Team) -> list[tuple[int, dict[str, str]]]:
    """The same in all environments at once, each with its environment's id."""
    rows = ServiceInstance.objects.alive().filter(application__team=team, offering__role=Role.SERVICE)
    return list(rows.exclude(current_release=None).values_list("environment", "current_release__usage"))


def on_cluster_of(environment: Environment) -> list[QuotaPool]:
    """All pools whose namespaces are on the same cluster."""
    return list(QuotaPool.objects.for_lists().filter(environment__cluster=environment.cluster_id))


def awaiting_decision_by(user: User) -> QuerySet[QuotaRaise]:
    """Raises that this person may decide, the longest waiting first."""
    if user.is_service_account or not user.access.may(Verb.ALLOT):
        return QuotaRaise.objects.none()
    rows = raises(user).waiting().exclude(requested_by=user).exclude(requested_by__responsible=user)
    return rows.order_by("requested_at", "id")


def deciders(wanted: QuotaRaise) -> list[User]:
    """The people who may decide it."""
    people = User.objects.filter(
        is_active=True, is_service_account=False, platform_roles__role__in=DECIDING_ROLES
    )
    return list(people.exclude(pk__in=wanted.contributors).distinct().order_by("username"))
