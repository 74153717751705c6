"""Two people at one guard, and two watchers of one write: one outcome each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import StateConflict
from portal.core.objects import ObjectKey
from portal.environments.models import Environment
from portal.lifecycle.models import Bypass, GuardState
from portal.lifecycle.operations import bypasses
from portal.lifecycle.operations.sightings import Sighting
from portal.lifecycle.services import guards
from tests.concurrency.racing import Meeting, race
from tests.factories import ApplicationFactory, ClusterFactory, InstanceFactory
from tests.fixtures.organisation import Organisation, load

pytestmark = pytest.mark.django_db(transaction=True)
SEEN = Sighting(
    None,
    ObjectKey("apps/v1", "Deployment", "storefront-production", "shop-web"),
    Bypass.How.FIELD_MANAGER,
    "kubectl-edit",
    "Update",
    "2026-03-02T09:00:00Z",
)


@pytest.fixture
def shop(transactional_db: None) -> Organisation:
    return load(ClusterFactory())


def changed() -> list[Any]:
    rows = AuditEvent.objects.filter(action="gate.guard_changed").order_by("at")
    return [(event.before["mode"], event.after["mode"]) for event in rows]


def setting(shop: Organisation, mode: str) -> Callable[[], Any]:
    return lambda: guards.set_mode(
        shop.environment("production"), mode, reason="At once.", actor=shop.pete, seen="audit"
    )


@pytest.fixture
def audited(shop: Organisation) -> Environment:
    row = shop.environment("production")
    guards.set_mode(row, "audit", reason="First.", actor=shop.pete)
    GuardState.objects.update(audited_at=clock.now())
    return row


def test_of_two_people_who_saw_audit_one_sets_it_and_the_other_is_told(
    shop: Organisation, audited: Environment
) -> None:
    outcomes = race(setting(shop, "deny"), setting(shop, "off"), losing=StateConflict)
    assert (len(outcomes.values), len(outcomes.errors)) == (1, 1)
    assert changed()[1:] == [("audit", Environment.objects.get(pk=audited.pk).guard)]


@pytest.mark.postgres
def test_control_looking_and_then_writing_lets_both_set_it(shop: Organisation, audited: Environment) -> None:
    meeting = Meeting(2, patience=10)

    def naive(mode: str) -> Callable[[], Any]:
        def write() -> GuardState:
            row = Environment.objects.get(pk=audited.pk)
            assert row.guard == "audit"
            meeting.wait()
            state = GuardState.objects.get(pk=audited.pk)
            return guards._write(row, state, mode, [], "At once.", shop.pete)

        return write

    race(naive("deny"), naive("off"))
    assert meeting.complete
    assert sorted(changed()[1:]) == [("audit", "deny"), ("audit", "off")]


@pytest.fixture
def going_around(shop: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at production sees the same write."""
    production = shop.environment("production")
    application = ApplicationFactory(team=shop.shop)
    InstanceFactory(application=application, environment=production, created_by=shop.alice)
    GuardState.objects.create(environment=production)
    monkeypatch.setattr(bypasses, "look", lambda environment, application: [SEEN])


def test_of_four_watchers_one_counts_a_write(going_around: None) -> None:
    counted = race(*[bypasses.watch_oldest] * 4).values
    assert sum(counted) == Bypass.objects.count() == 1
    assert AuditEvent.objects.filter(action="gate.bypassed").count() == 1


@pytest.mark.postgres
def test_control_looking_and_then_telling_tells_twice(
    going_around: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(2, patience=10)

    def naive(environment: Environment, sighting: Sighting) -> bool:
        new = not Bypass.objects.filter(environment=environment, **sighting.identity).exists()
        meeting.wait()
        if new:
            bypasses.record("gate.bypassed", environment, actor=None)
        return new

    monkeypatch.setattr(bypasses, "_counted", naive)
    race(*[bypasses.watch_oldest] * 2)
    assert meeting.complete
    assert AuditEvent.objects.filter(action="gate.bypassed").count() == 2
