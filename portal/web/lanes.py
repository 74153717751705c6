"""An application's environments side by side: what runs where, and what is ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, Release, ServiceInstance
from portal.lifecycle.operations import shares
from portal.lifecycle.operations.shares import Share
from portal.lifecycle.states import Health
from portal.web import ahead, live
from portal.web.ahead import Difference
from services_catalog.models import Offering

ROWS = 10
WORST = (Health.WRONG, Health.WORKING, Health.WAITING, Health.READY, Health.QUIET)
# what a lane's head shows of its namespace's quota
SHOWN = ("requests.cpu", "requests.memory")
# as many rows stand in line with those of the other environments; assets/slipway/css/instances.css
MOST_ALIGNED = 24


@dataclass(frozen=True)
class Ahead:
    """A next stage: whether it runs something else, what that is, and why it cannot be promoted now."""

    stage: Environment
    is_same: bool = False
    is_new: bool = False
    differences: tuple[Difference, ...] = ()
    why_not: str = ""

    @property
    def shown(self) -> tuple[Difference, ...]:
        return self.differences[: ahead.MOST_SHOWN]

    @property
    def more(self) -> int:
        return max(len(self.differences) - ahead.MOST_SHOWN, 0)


@dataclass(frozen=True)
class Berth:
    """One instance in its lane. `ahead` has the next stages."""

    instance: ServiceInstance
    active: ChangeRequest | None
    ahead: list[Ahead]
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Lane:
    """`berths` has a place for each service of the application, None where it does not run here."""

    environment: Environment
    berths: list[Berth | None]
    shares: list[Share]
    monthly: int

    @property
    def is_empty(self) -> bool:
        return not any(self.berths)


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
        releases=ahead.releases([row.current_release_id for row in rows if row.current_release_id]),
        shares=shares.by_environment(application),
    )
    lanes = [board.lane(environment) for environment in board.environments]
    recent = list(changes[:ROWS])
    return {
        "application": application,
        "lanes": lanes,
        "monthly": sum(lane.monthly for lane in lanes),
        "count": len(board.names),
        "aligned": len(board.names) if len(board.names) <= MOST_ALIGNED else 0,
        "changes": recent,
        "may_ask": user.access.may(Verb.REQUEST, application.team_id),
        "etag": live.fingerprint(
            user.pk,
            [(row.pk, row.health, row.health_since, row.current_release_id) for row in rows],
            [(row.pk, row.retirement_announced_at) for row in rows],
            [(change.pk, change.state, change.phase) for change in recent],
            sorted((pk, change.state, change.phase) for pk, change in board.active.items() if pk),
        ),
    }


@dataclass(frozen=True)
class Board:
    """All that the lanes are made of. `active` has the change under way by instance."""

    environments: list[Environment]
    rows: list[ServiceInstance]
    active: Mapping[int | None, ChangeRequest]
    offerings: Mapping[int, Offering]
    releases: Mapping[int, Release]
    shares: Mapping[int, list[Share]]

    @cached_property
    def names(self) -> list[tuple[bool, str]]:
        """The namespace first, then every service by name, in whichever environments it runs."""
        return sorted({_line(row) for row in self.rows})

    @cached_property
    def at(self) -> dict[tuple[int, tuple[bool, str]], ServiceInstance]:
        return {(row.environment_id, _line(row)): row for row in self.rows}

    def lane(self, environment: Environment) -> Lane:
        here = [self.at.get((environment.pk, name)) for name in self.names]
        releases = [self.releases.get(row.current_release_id or 0) for row in here if row is not None]
        plans = [release.plan for release in releases if release and release.plan]
        return Lane(
            environment,
            [None if row is None else self.berth(row) for row in here],
            [share for share in self.shares.get(environment.pk, ()) if share.resource in SHOWN],
            sum(plan.price_cents_per_month for plan in plans),
        )

    def berth(self, row: ServiceInstance) -> Berth:
        following = [each for each in self.environments if row.environment in each.promotes_from.all()]
        release = self.releases.get(row.current_release_id or 0)
        if release is None:
            return Berth(row, self.active.get(row.pk), [])
        found = [self.ahead(row, release, stage) for stage in following]
        return Berth(row, self.active.get(row.pk), found, ahead.tags(release))

    def ahead(self, row: ServiceInstance, release: Release, stage: Environment) -> Ahead:
        """How the next stage stands to this one."""
        there = self.at.get((stage.pk, _line(row)))
        current = self.releases.get(there.current_release_id or 0) if there else None
        if current is not None and current.promoted_from_id == release.pk:
            return Ahead(stage, is_same=True)
        places = (row.environment.slug, row.namespace), (stage.slug, row.application.namespace_in(stage))
        differences = tuple(ahead.between(release, current, places=places)) if current else ()
        return Ahead(stage, False, current is None, differences, self._why_not(row, stage, there))

    def _why_not(self, row: ServiceInstance, stage: Environment, there: ServiceInstance | None) -> str:
        if not self.offerings[row.offering_id].is_offered_in(stage.slug):
            return f"{row.offering.name} is not offered in {stage.name}."
        if there is not None and there.pk in self.active:
            return f"A change is under way in {stage.name}."
        if row.pk in self.active:
            return "A change is under way here."
        has_namespace = any(is_service is False for place, (is_service, _) in self.at if place == stage.pk)
        if not row.is_namespace and not has_namespace:
            return f"Promote the namespace to {stage.name} first."
        return ""


def _line(row: ServiceInstance) -> tuple[bool, str]:
    """What is the same service in every environment; a namespace is called differently in each."""
    return (not row.is_namespace, "" if row.is_namespace else row.name)


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
