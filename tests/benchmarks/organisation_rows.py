"""Many instances of the demo organisation, as rows: what pages are about when a company has moved in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from portal.accounts.models import Team
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, Release, ServiceInstance
from portal.lifecycle.states import ChangeState, Health
from services_catalog.models import Offering, OfferingVersion, Plan
from tests.factories import ReleaseFactory
from tests.fixtures.organisation import Organisation

APPLICATIONS_IN_A_TEAM, IN_AN_APPLICATION = 5, 10
# one in so many instances is unwell, waits for an operator, or was denied
UNWELL, WAITING, DENIED = 20, 25, 10
AT_ONCE = 1_000


def fill(organisation: Organisation, count: int, *, first: int = 0) -> ServiceInstance:
    """Web services from number `first` up to `count`, one team in twenty being the shop; the first of
    all, to be looked at."""
    places = list(_places(organisation, first, count))
    version = OfferingVersion.objects.filter(offering__slug="web-service").latest("pk")
    now, alice = clock.now(), organisation.alice
    instances = ServiceInstance.objects.bulk_create(
        [
            ServiceInstance(
                application=application,
                environment=environment,
                offering=version.offering,
                name=f"web-{number}",
                created_by=alice,
                health=Health.WRONG if number % UNWELL == 0 else Health.READY,
                health_since=now - timedelta(hours=number % 100),
            )
            for number, (application, environment) in enumerate(places, first)
        ],
        batch_size=AT_ONCE,
    )
    releases = _releases(version, instances)
    for instance, release in zip(instances, releases, strict=True):
        instance.current_release = release
    ServiceInstance.objects.bulk_update(instances, ["current_release"], batch_size=AT_ONCE)
    _changes(version.offering, instances, releases)
    return ServiceInstance.objects.filter(application__slug="app-0").earliest("pk")


def _places(organisation: Organisation, first: int, count: int) -> Iterator[tuple[Application, Environment]]:
    environments = [organisation.environment(slug) for slug in ("dev", "staging", "production")]
    for group in range(first // IN_AN_APPLICATION, count // IN_AN_APPLICATION):
        owner = group // APPLICATIONS_IN_A_TEAM
        team = organisation.shop if owner % 20 == 0 else Team.objects.get_or_create(slug=f"team-{owner}")[0]
        application = Application.objects.get_or_create(
            slug=f"app-{group}", defaults={"team": team, "name": f"App {group}"}
        )[0]
        for number in range(IN_AN_APPLICATION):
            yield application, environments[number % len(environments)]


def _releases(version: OfferingVersion, instances: list[ServiceInstance]) -> list[Release]:
    sealed = ReleaseFactory(
        instance=instances[0],
        number=2,
        offering_version=version,
        chart=version.chart,
        plan=Plan.objects.filter(offering_version=version).earliest("pk"),
    )
    fields = [each.attname for each in Release._meta.concrete_fields if each.name != "id"]
    same: dict[str, Any] = {name: getattr(sealed, name) for name in fields} | {"number": 1}
    rows = [
        Release(**(same | {"instance_id": each.pk, "target": {"release": each.name}})) for each in instances
    ]
    return Release.objects.bulk_create(rows, batch_size=AT_ONCE)


def _changes(offering: Offering, instances: list[ServiceInstance], releases: list[Release]) -> None:
    now = clock.now()
    rows = []
    for number, (instance, release) in enumerate(zip(instances, releases, strict=True)):
        state = ChangeState.SUCCEEDED
        if number % WAITING == 0:
            state = ChangeState.AWAITING_APPROVAL
        elif number % DENIED == 0:
            state = ChangeState.DENIED
        at = now - timedelta(minutes=number)
        rows.append(
            ChangeRequest(
                kind="create",
                state=state,
                instance=instance,
                application=instance.application,
                environment=instance.environment,
                offering=offering,
                name=instance.name,
                release=release,
                seal=release.digest,
                requested_by=instance.created_by,
                created_at=at,
                finished_at=at if state == ChangeState.SUCCEEDED else None,
                expires_at=now + timedelta(days=7) if state == ChangeState.AWAITING_APPROVAL else None,
            )
        )
    ChangeRequest.objects.bulk_create(rows, batch_size=AT_ONCE)
