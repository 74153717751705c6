"""One change at a gate, and everybody who could lay hands on it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from portal.accounts.models import Membership, PlatformRole, User
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest
from tests.factories import ClusterFactory, UserFactory, member, platform
from tests.fixtures.organisation import Organisation, load
from tests.fixtures.snapshots import Snapshot, Take
from tests.lifecycle.helpers import ask, succeed


@dataclass(frozen=True)
class Gate:
    """alice asked for the promotion of what bob had made; it waits for a decision."""

    change: ChangeRequest
    people: dict[str, User]


@pytest.fixture(scope="session")
def gate_snapshot(snapshot_of: Take) -> Snapshot[Gate]:
    return snapshot_of(lambda: build(load(ClusterFactory())))


@pytest.fixture
def gate(db: None, gate_snapshot: Snapshot[Gate]) -> Gate:
    return gate_snapshot.restore()


def build(organisation: Organisation) -> Gate:
    shop = organisation.shop
    people = {
        name: organisation.people[name] for name in ("alice", "bob", "mona", "pia", "olga", "pete", "audrey")
    }
    people["dora"] = member("dora", shop)
    people["mona on call"] = member("moritz", shop, Membership.Role.MAINTAINER)
    Membership.objects.filter(user=people["mona on call"]).update(on_call=True)
    people["alice's robot"] = robot("shop-robot", responsible=people["alice"])
    Membership.objects.create(team=shop, user=people["alice's robot"])
    people["operating robot"] = robot("operator-robot", responsible=people["olga"])
    PlatformRole.objects.create(user=people["operating robot"], role="operator")
    namespace = ask(people["bob"], application="storefront", environment="dev", offering="namespace")
    instance = succeed(namespace)
    Environment.objects.filter(slug="staging").update(approvals_required=1)
    change = ask(people["alice"], kind="promote", instance=instance.pk, environment="staging")
    # roles that were given only after the request was made
    people["alice, since made an operator"] = platform("alice", "operator")
    people["bob, since made an operator"] = platform("bob", "operator")
    return Gate(change, people)


def robot(name: str, *, responsible: User) -> User:
    user: User = UserFactory(username=name)
    User.objects.filter(pk=user.pk).update(is_service_account=True, responsible=responsible)
    return User.objects.get(pk=user.pk)
