"""Two teams, every role, and one of everything that the API shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import ApiToken, Membership, Team, User
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, LogLine, Rollout, ServiceInstance
from portal.lifecycle.operations.seals import target_of
from portal.lifecycle.selectors import bundle
from portal.lifecycle.states import ChangeKind, ChangeState
from portal.policy.environment_digest import digest_in
from tests.factories import (
    ApplicationFactory,
    ChangeFactory,
    EnvironmentFactory,
    InstanceFactory,
    OfferingFactory,
    OfferingVersionFactory,
    PlanFactory,
    ReleaseFactory,
    TeamFactory,
    member,
    platform,
)
from tests.fixtures.snapshots import Snapshot, Take

TEMPLATE = {
    "metadata": {"labels": {"app": "shop-api"}},
    "spec": {"containers": [{"name": "api", "image": "registry.example.com/shop/api:1.4.2"}]},
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop-api"},
    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "shop-api"}}, "template": TEMPLATE},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "shop-api-credentials"},
    "data": {"password": "•••••• (0a1b2c3d)"},
}


class Api:
    """One person's way in, through the real front door: a token, JSON both ways."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        self.user = user
        if user is not None:
            self.token_row, self.token = ApiToken.objects.create(user, name="test", last_used_at=clock.now())
            self.headers["Authorization"] = f"Token {self.token}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        path = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            method, path, data, content_type="application/json", headers=self.headers | headers
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, {} if body is None else body, **headers)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)


@dataclass
class World:
    shop: Team
    payments: Team
    people: dict[str, User]
    storefront: Application
    dev: Environment
    production: Environment
    instance: ServiceInstance
    change: ChangeRequest
    waiting: ChangeRequest
    foreign: ServiceInstance
    foreign_change: ChangeRequest
    apis: dict[str, Api] = field(default_factory=dict)

    def api(self, name: str) -> Api:
        """`anonymous`, or a person by name."""
        if name not in self.apis:
            self.apis[name] = Api(self.people.get(name))
        return self.apis[name]


PEOPLE = ("anonymous", "alice", "bob", "mona", "pia", "olga", "pete", "audrey")


@pytest.fixture(scope="session")
def world_snapshot(snapshot_of: Take) -> Snapshot[World]:
    return snapshot_of(build)


@pytest.fixture
def world(db: None, world_snapshot: Snapshot[World]) -> World:
    return world_snapshot.restore()


def build() -> World:
    shop, payments = TeamFactory(slug="shop", name="Shop"), TeamFactory(slug="payments", name="Payments")
    people = {
        "alice": member("alice", shop),
        "bob": member("bob", shop),
        "mona": member("mona", shop, Membership.Role.MAINTAINER),
        "pia": member("pia", payments),
        "olga": platform("olga", "operator"),
        "pete": platform("pete", "platform_engineer"),
        "audrey": platform("audrey", "auditor"),
    }
    dev = EnvironmentFactory(slug="dev", order=1)
    production = EnvironmentFactory(slug="production", order=3, approvals_required=1, promotes_from=[dev])
    offering = OfferingFactory(slug="web-service", name="Web service")
    version = OfferingVersionFactory(offering=offering)
    PlanFactory(offering_version=version)
    storefront = ApplicationFactory(team=shop, slug="storefront")
    instance = running_instance(storefront, dev, people["alice"], offering, "shop-api")
    elsewhere = running_instance(storefront, production, people["alice"], offering, "shop-api")
    waiting = ChangeFactory(
        instance=elsewhere,
        kind=ChangeKind.UPDATE,
        state=ChangeState.AWAITING_APPROVAL,
        base_release=elsewhere.current_release,
        expires_at=clock.now() + timedelta(days=7),
        release=ReleaseFactory(
            instance=elsewhere,
            number=2,
            offering_version=version,
            plan=version.plans.get(),
            chart=version.chart,
            target=target_of(production, namespace=elsewhere.namespace, release=elsewhere.name),
            policy_digest=digest_in(bundle.current(), production.slug),
            objects_masked=[DEPLOYMENT | {"spec": DEPLOYMENT["spec"] | {"replicas": 3}}, SECRET],
            created_by=people["alice"],
        ),
        requested_by=people["alice"],
    )
    waiting.contributors.set([people["alice"]])
    ledger = ApplicationFactory(team=payments, slug="ledger")
    foreign = running_instance(ledger, dev, people["pia"], offering, "ledger-api")
    return World(
        shop=shop,
        payments=payments,
        people=people,
        storefront=storefront,
        dev=dev,
        production=production,
        instance=instance,
        change=finished_change(instance),
        waiting=waiting,
        foreign=foreign,
        foreign_change=finished_change(foreign),
    )


def running_instance(
    application: Application, environment: Environment, who: User, offering: Any, name: str
) -> Any:
    instance = InstanceFactory(
        application=application, environment=environment, offering=offering, name=name, created_by=who
    )
    version = offering.versions.get()
    instance.current_release = ReleaseFactory(
        instance=instance,
        number=1,
        offering_version=version,
        plan=version.plans.get(),
        objects_masked=[DEPLOYMENT, SECRET],
        values={"password": "hunter2-plain-text"},
        masked_values={"password": "••••••"},
        created_by=who,
    )
    instance.save()
    return instance


def finished_change(instance: ServiceInstance) -> ChangeRequest:
    change = ChangeFactory(
        instance=instance, release=instance.current_release, requested_by=instance.created_by
    )
    rollout = Rollout.objects.create(
        change=change, release=change.release, fencing_token=1, started_at=change.created_at
    )
    LogLine.objects.bulk_create(
        LogLine(rollout=rollout, at=change.created_at, text=f"line {number}") for number in range(3)
    )
    return change
