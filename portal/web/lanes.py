"""An application's environments side by side: what runs where, and what is ahead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, ServiceInstance
from portal.lifecycle.states import Health
from services_catalog.models import Role

WORST = (Health.WRONG, Health.WORKING, Health.WAITING, Health.READY, Health.QUIET)


@dataclass(frozen=True)
class Berth:
    """One instance in its lane. `ahead` is the next stage, when that runs something else."""

    instance: ServiceInstance
    active: ChangeRequest | None
    ahead: Environment | None


@dataclass(frozen=True)
class Lane:
    environment: Environment
    berths: list[Berth]
    has_namespace: bool


def stages() -> list[Environment]:
    return list(Environment.objects.all())


def context(user: User, application: Application) -> dict[str, Any]:
    """Everything on the application's page, in a constant number of queries."""
    rows = list(application.instances.alive().for_lists())
    active = {
        c.instance_id: c for c in ChangeRequest.objects.active().for_lists().filter(application=application)
    }
    changes = ChangeRequest.objects.for_lists().filter(application=application)[:10]
    environments = stages()
    return {
        "application": application,
        "lanes": [_lane(environment, environments, rows, active) for environment in environments],
        "changes": changes,
        "may_ask": user.access.may(Verb.REQUEST, application.team_id),
    }


def _lane(
    environment: Environment,
    environments: list[Environment],
    rows: list[ServiceInstance],
    active: dict[int | None, ChangeRequest],
) -> Lane:
    here = [row for row in rows if row.environment_id == environment.pk]
    here.sort(key=lambda row: (not row.is_namespace, row.name))
    following = next((each for each in environments if each.promotes_from_id == environment.pk), None)
    berths = [Berth(row, active.get(row.pk), _ahead(row, following, rows, active)) for row in here]
    return Lane(environment, berths, any(row.offering.role == Role.NAMESPACE for row in here))


def _ahead(
    row: ServiceInstance,
    following: Environment | None,
    rows: list[ServiceInstance],
    active: dict[int | None, ChangeRequest],
) -> Environment | None:
    """The next stage, unless the very same content runs there or is on its way."""
    release = row.current_release
    if following is None or release is None or not row.offering.is_offered_in(following.slug):
        return None
    name = row.application.namespace_in(following) if row.is_namespace else row.name
    there = next((each for each in rows if each.environment_id == following.pk and each.name == name), None)
    if there is None:
        return following
    if there.pk in active or (there.current_release and there.current_release.promoted_from_id == release.pk):
        return None
    return following


def health_by_application(applications: Iterable[Application]) -> dict[int, dict[int, str]]:
    """The worst health by application and environment, in one query."""
    found: dict[int, dict[int, str]] = {}
    rows = ServiceInstance.objects.alive().filter(application__in=[each.pk for each in applications])
    for application, environment, health in rows.order_by().values_list(
        "application", "environment", "health"
    ):
        known = found.setdefault(application, {}).get(environment)
        if known is None or WORST.index(Health(health)) < WORST.index(Health(known)):
            found[application][environment] = health
    return found
