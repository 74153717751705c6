"""A team with something running, written down as a worker would have left it: pages are about reading."""

from __future__ import annotations

from collections.abc import Callable
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
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
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


@pytest.fixture
def namespace(organisation: Organisation) -> ServiceInstance:
    return settle(ask(organisation.alice, **WHERE, offering="namespace"))


@pytest.fixture
def service(organisation: Organisation, namespace: ServiceInstance) -> ServiceInstance:
    values = {**IMAGE, "secretEnv": {"SESSION_KEY": "do-not-show-this"}}
    data = {**WHERE, "offering": "web-service", "version": "1.0.0", "name": "shop-api", "values": values}
    return settle(ask(organisation.alice, **data))


@pytest.fixture
def waiting(organisation: Organisation, namespace: ServiceInstance) -> ChangeRequest:
    """A promotion to production that waits for an operator."""
    staging = settle(ask(organisation.alice, kind="promote", instance=namespace.pk, environment="staging"))
    return ask(organisation.alice, kind="promote", instance=staging.pk, environment="production")


@pytest.fixture
def denied(organisation: Organisation, namespace: ServiceInstance) -> ChangeRequest:
    """A request that policy refused: its image comes from nowhere that is approved."""
    values = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.0"}}
    with pytest.raises(PolicyDenied) as refusal:
        ask(organisation.alice, **WHERE, offering="web-service", name="shop-web", values=values)
    return ChangeRequest.objects.get(pk=refusal.value.details["change"])


@pytest.fixture
def excepted(organisation: Organisation, denied: ChangeRequest) -> PolicyException:
    """An exception that alice asked for, and that nobody has decided yet."""
    about = {"policy": "image-registries", "reason": "The mirror comes next week.", "days": 5}
    return exceptions.request(organisation.alice, exceptions.place_of_change(denied), about)


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
