"""A team with something running, written down as a worker would have left it: pages are about reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import PolicyDenied
from portal.lifecycle.models import (
    BlastRadius,
    ChangeRequest,
    LogLine,
    PolicyException,
    Rollout,
    ServiceInstance,
)
from portal.lifecycle.operations import blast_radius, scanning
from portal.lifecycle.services import blast_radii, changes, exceptions, wishes
from portal.lifecycle.states import ChangeState, Health
from tests.factories import ClusterFactory
from tests.fixtures.organisation import Organisation, load
from tests.fixtures.policies import UsePolicies
from tests.fixtures.snapshots import Snapshot, Take
from tests.policy.scenes import DEPLOYMENTS, binding, policy

IMAGE = {"image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}}
WHERE = {"kind": "create", "application": "storefront", "environment": "dev"}
SignIn = Callable[[User], Client]


@pytest.fixture
def signed_in(client: Client) -> SignIn:
    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


def ask(user: User, **data: Any) -> ChangeRequest:
    return changes.open_change(wishes.resolve(user, data)).change


def settle(change: ChangeRequest) -> ServiceInstance:
    """What a worker leaves behind when a change has worked out."""
    now = clock.now()
    rollout = Rollout.objects.create(
        change=change,
        release=change.release,
        fencing_token=1,
        started_at=now,
        outcome=Rollout.Outcome.SUCCEEDED,
    )
    LogLine.objects.create(rollout=rollout, at=now, text="everything is ready")
    ChangeRequest.objects.filter(pk=change.pk).update(
        state=ChangeState.SUCCEEDED, decided_at=now, applied_at=now, finished_at=now, outcome="Runs, ready."
    )
    instance = change.instance
    assert instance is not None
    instance.current_release, instance.health, instance.health_since = change.release, Health.READY, now
    instance.save()
    return instance


# ------------------------------------------------------------------ what a test begins with
@dataclass
class Start:
    """The organisation, and by name what was asked for in it so far."""

    organisation: Organisation
    made: dict[str, Any] = field(default_factory=dict)


def namespace_in(start: Start) -> ServiceInstance:
    return settle(ask(start.organisation.alice, **WHERE, offering="namespace"))


def service_in(start: Start) -> ServiceInstance:
    values = {**IMAGE, "secretEnv": {"SESSION_KEY": "do-not-show-this"}}
    data = {**WHERE, "offering": "web-service", "version": "1.0.0", "name": "shop-api", "values": values}
    return settle(ask(start.organisation.alice, **data))


def waiting_in(start: Start) -> ChangeRequest:
    alice, namespace = start.organisation.alice, start.made["namespace"]
    staging = settle(ask(alice, kind="promote", instance=namespace.pk, environment="staging"))
    return ask(alice, kind="promote", instance=staging.pk, environment="production")


def denied_in(start: Start) -> ChangeRequest:
    values = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.0"}}
    with pytest.raises(PolicyDenied) as refusal:
        ask(start.organisation.alice, **WHERE, offering="web-service", name="shop-web", values=values)
    return ChangeRequest.objects.get(pk=refusal.value.details["change"])


def excepted_in(start: Start) -> PolicyException:
    about = {"policy": "image-registries", "reason": "The mirror comes next week.", "days": 5}
    place = exceptions.place_of_change(start.made["denied"])
    return exceptions.request(start.organisation.alice, place, about)


# in this order; a test's fixtures say which of them
STEPS: dict[str, Callable[[Start], Any]] = {
    "namespace": namespace_in,
    "service": service_in,
    "waiting": waiting_in,
    "denied": denied_in,
    "excepted": excepted_in,
}
Starts = Callable[[tuple[str, ...]], Snapshot[Start]]


def begin(steps: tuple[str, ...]) -> Start:
    start = Start(load(ClusterFactory()))
    for step in steps:
        start.made[step] = STEPS[step](start)
    return start


@pytest.fixture(scope="session")
def starts(snapshot_of: Take) -> Starts:
    """A snapshot for each set of steps, taken when a test first asks for it."""
    return cache(lambda steps: snapshot_of(lambda: begin(steps)))


@pytest.fixture
def start(request: pytest.FixtureRequest, db: None, starts: Starts) -> Start:
    return starts(tuple(step for step in STEPS if step in request.fixturenames)).restore()


@pytest.fixture(autouse=True)
def _start_first(request: pytest.FixtureRequest) -> None:
    """Before any other fixture of the test: no clock has moved yet, and the database is empty."""
    if "start" in request.fixturenames:
        request.getfixturevalue("start")


@pytest.fixture
def organisation(start: Start) -> Organisation:
    return start.organisation


@pytest.fixture
def namespace(start: Start) -> ServiceInstance:
    return start.made["namespace"]


@pytest.fixture
def service(start: Start, namespace: ServiceInstance) -> ServiceInstance:
    return start.made["service"]


@pytest.fixture
def waiting(start: Start, namespace: ServiceInstance) -> ChangeRequest:
    """A promotion to production that waits for an operator."""
    return start.made["waiting"]


@pytest.fixture
def denied(start: Start, namespace: ServiceInstance) -> ChangeRequest:
    """A request that policy refused: its image comes from nowhere that is approved."""
    return start.made["denied"]


@pytest.fixture
def excepted(start: Start, denied: ChangeRequest) -> PolicyException:
    """An exception that alice asked for, and that nobody has decided yet."""
    return start.made["excepted"]


# ------------------------------------------------------------------ and what some do on top
@pytest.fixture
def radius(organisation: Organisation) -> BlastRadius:
    """What probes would break if development enforced them, worked out."""
    modes = [{"policy": "probes", "environment": "dev", "mode": "enforce"}]
    asked = blast_radii.ask(organisation.pete, {"modes": modes})
    blast_radius.work_out(asked.pk)
    asked.refresh_from_db()
    return asked


def replicas(*actions: str) -> list[dict[str, Any]]:
    """A rule that everything here breaks: one replica is what charts start with."""
    rule = {"expression": "object.spec.replicas >= 3", "message": "Three replicas at the least."}
    return [policy("replicas", rule, rule=DEPLOYMENTS), binding("replicas", *actions)]


@pytest.fixture
def scanned(service: ServiceInstance, use_policies: UsePolicies) -> ServiceInstance:
    """What runs breaks a rule that only warns."""
    use_policies(replicas("Warn"))
    scanning.scan_due()
    return service


@pytest.fixture
def granted(organisation: Organisation, excepted: PolicyException) -> PolicyException:
    exceptions.grant(excepted, actor=organisation.olga, comment="Until the mirror is there.")
    return excepted
