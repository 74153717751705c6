"""An application's environments side by side: what runs where, and what is ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, ServiceInstance
from portal.lifecycle.states import Health
from services_catalog.models import Offering

ROWS = 10
WORST = (Health.WRONG, Health.WORKING, Health.WAITING, Health.READY, Health.QUIET)


@dataclass(frozen=True)
class Berth:
    """One instance in its lane. `ahead` has the next stages that run something else."""

    instance: ServiceInstance
    active: ChangeRequest | None
    ahead: list[Environment]


@dataclass(frozen=True)
class Lane:
    environment: Environment
    berths: list[Berth]


def stages() -> list[Environment]:
    """In their order, with what each takes releases from."""
    return list(Environment.objects.prefetch_related("promotes_from"))


def context(user: User, application: Application) -> dict[str, Any]:
    """Everything on the application's page, in a constant number of queries."""
    rows = list(application.instances.alive().for_lists())
    changes = ChangeRequest.objects.for_lists().filter(application=application)
    board = Board(
        environments=stages(),
        rows=rows,
        active={change.instance_id: change for change in changes.active()},
        offerings=Offering.objects.in_bulk({row.offering_id for row in rows}),
    )
    return {
        "application": application,
        "lanes": [board.lane(environment) for environment in board.environments],
        "changes": changes[:ROWS],
        "may_ask": user.access.may(Verb.REQUEST, application.team_id),
    }


@dataclass(frozen=True)
class Board:
    """All that the lanes are made of. `active` has the change under way by instance."""

    environments: list[Environment]
    rows: list[ServiceInstance]
    active: Mapping[int | None, ChangeRequest]
    offerings: Mapping[int, Offering]

    def lane(self, environment: Environment) -> Lane:
        here = [row for row in self.rows if row.environment_id == environment.pk]
        here.sort(key=lambda row: (not row.is_namespace, row.name))
        following = [each for each in self.environments if environment in each.promotes_from.all()]
        berths = [
            Berth(row, self.active.get(row.pk), [stage for stage in following if self._lacks(stage, row)])
            for row in here
        ]
        return Lane(environment, berths)

    def _lacks(self, following: Environment, row: ServiceInstance) -> bool:
        """Whether a next stage runs something else than `row` does, with nothing under way there."""
        release = row.current_release
        if release is None or not self.offerings[row.offering_id].is_offered_in(following.slug):
            return False
        name = row.application.namespace_in(following) if row.is_namespace else row.name
        there = next((r for r in self.rows if r.environment_id == following.pk and r.name == name), None)
        if there is None:
            return True
        current = there.current_release
        same = current is not None and current.promoted_from_id == release.pk
        return not same and there.pk not in self.active


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
