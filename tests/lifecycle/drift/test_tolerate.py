"""Letting drift be until a date: who may, how long, and that it counts again afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.core.objects import ObjectKey
from portal.environments.models import Environment
from portal.lifecycle import tasks
from portal.lifecycle.models import DriftItem, DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import counting
from portal.lifecycle.services.drift import scans, tolerances
from tests.lifecycle.helpers import live_service

pytestmark = pytest.mark.django_db
KEY = ObjectKey("apps/v1", "Deployment", "storefront-dev", "shop-web")
REPLICAS, IMAGE = "spec.replicas", "spec.template.spec.containers[app].image"


@pytest.fixture
def drifted(organisation: Any) -> ServiceInstance:
    """A service of which two fields differ."""
    instance = live_service(organisation)
    now = clock.now()
    for path in (REPLICAS, IMAGE):
        DriftItem.objects.create(
            instance=instance,
            api_version=KEY.api_version,
            kind=KEY.kind,
            namespace=KEY.namespace,
            name=KEY.name,
            path=path,
            how=DriftItem.How.CHANGED,
            manager="kubectl-edit",
            first_seen_at=now,
            last_seen_at=now,
        )
    DriftReport.objects.create(
        instance=instance,
        release=instance.current_release,
        status=DriftReport.Status.DRIFTED,
        checked_at=now,
        tried_at=now,
        changed=2,
    )
    return ServiceInstance.objects.select_related("application", "environment").get(pk=instance.pk)


def tolerate(
    instance: ServiceInstance,
    actor: User,
    path: str = REPLICAS,
    *,
    days: float = 7,
    until: datetime | None = None,
    reason: str = "Black Friday.",
) -> tolerances.Tolerated:
    until = until or clock.now() + timedelta(days=days)
    return tolerances.tolerate(instance, KEY, path, until=until, reason=reason, actor=actor)


def report(instance: ServiceInstance) -> DriftReport:
    return DriftReport.objects.get(pk=instance.pk)


def test_what_is_tolerated_does_not_count_and_counts_again_when_it_is_ended(
    organisation: Any, drifted: ServiceInstance
) -> None:
    tolerance = tolerate(drifted, organisation.alice).tolerance
    assert (report(drifted).changed, report(drifted).tolerated) == (1, 1)
    tolerances.withdraw(tolerance, actor=organisation.bob, comment="It is over.")
    assert (report(drifted).changed, report(drifted).tolerated) == (2, 0)
    tolerances.withdraw(tolerance, actor=organisation.bob)
    kept = AuditEvent.objects.filter(action__startswith="drift.tol").order_by("at")
    assert [(event.action, event.actor_name) for event in kept] == [
        ("drift.tolerated", "alice"),
        ("drift.tolerance_ended", "bob"),
    ]
    assert kept[0].after["path"] == REPLICAS
    assert kept[0].comment == "Black Friday."


def test_the_whole_object_may_be_let_be(organisation: Any, drifted: ServiceInstance) -> None:
    tolerate(drifted, organisation.alice, "")
    assert report(drifted).status == DriftReport.Status.IN_STEP
    assert report(drifted).tolerated == 2


def test_after_its_date_it_counts_again(
    organisation: Any, drifted: ServiceInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    tolerate(drifted, organisation.alice, "", days=1)
    later = clock.now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    counting.recount(drifted.pk)
    assert report(drifted).status == DriftReport.Status.DRIFTED


def test_a_reason_and_a_near_end_are_required_and_both_are_said_at_once(
    organisation: Any, drifted: ServiceInstance
) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        tolerate(drifted, organisation.alice, days=91, reason="  ")
    assert [(e["path"], e["code"]) for e in refusal.value.errors] == [
        ("/reason", "required"),
        ("/until", "too_long"),
    ]
    with pytest.raises(ValidationFailed) as refusal:
        tolerate(drifted, organisation.alice, days=-1)
    assert refusal.value.errors[0]["code"] == "past"
    assert tolerate(drifted, organisation.alice, days=89).created


def test_only_what_has_drifted_can_be_let_be(organisation: Any, drifted: ServiceInstance) -> None:
    with pytest.raises(ValidationFailed, match="Nothing there differs"):
        tolerate(drifted, organisation.alice, "spec.strategy")
    with pytest.raises(ValidationFailed, match="Nothing there differs"):
        tolerate(drifted, organisation.alice, "spec.repl")


def test_said_twice_it_is_one_and_another_date_wants_the_first_ended(
    organisation: Any, drifted: ServiceInstance
) -> None:
    until = clock.now() + timedelta(days=7)
    first = tolerate(drifted, organisation.alice, until=until)
    again = tolerate(drifted, organisation.alice, until=until)
    assert (first.created, again.created, again.tolerance.pk) == (True, False, first.tolerance.pk)
    with pytest.raises(StateConflict, match="end the tolerance"):
        tolerate(drifted, organisation.alice, days=30)
    tolerances.withdraw(first.tolerance, actor=organisation.alice)
    assert tolerate(drifted, organisation.alice, days=30).created


def test_where_there_is_no_gate_the_team_and_operators_may(
    organisation: Any, drifted: ServiceInstance
) -> None:
    for person in (organisation.pia, organisation.pete, organisation.audrey):
        with pytest.raises(NotPermitted):
            tolerate(drifted, person)
    assert tolerate(drifted, organisation.olga).created


def test_at_a_gate_only_who_decides_there_may(organisation: Any, drifted: ServiceInstance) -> None:
    Environment.objects.filter(pk=drifted.environment_id).update(approvals_required=1)
    drifted = ServiceInstance.objects.select_related("application", "environment").get(pk=drifted.pk)
    for person in (organisation.alice, organisation.mona, organisation.pete, organisation.audrey):
        with pytest.raises(NotPermitted):
            tolerate(drifted, person)
    tolerance = tolerate(drifted, organisation.olga).tolerance
    with pytest.raises(NotPermitted):
        tolerances.withdraw(tolerance, actor=organisation.alice)
    assert "operator" in str(tolerances.why_may_not(drifted, organisation.alice))
    assert tolerances.why_may_not(drifted, organisation.oscar) is None


def test_what_is_retired_is_let_be_by_itself(organisation: Any, drifted: ServiceInstance) -> None:
    ServiceInstance.objects.filter(pk=drifted.pk).update(retired_at=clock.now())
    with pytest.raises(StateConflict, match="retired"):
        tolerate(drifted, organisation.alice)


class TestAskingForALook:
    @pytest.fixture(autouse=True)
    def woken(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        self.woken: list[int] = []
        monkeypatch.setattr(tasks, "wake_drift", self.woken.append)
        return self.woken

    @pytest.fixture
    def ask(self, drifted: ServiceInstance, django_capture_on_commit_callbacks: Any) -> Any:
        def ask(actor: User) -> DriftReport:
            with django_capture_on_commit_callbacks(execute=True):
                return scans.ask(drifted, actor=actor)

        return ask

    def later(self, monkeypatch: pytest.MonkeyPatch, **span: float) -> datetime:
        moment = clock.now() + timedelta(**span)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    def test_however_often_it_is_asked_the_cluster_is_looked_at_once(
        self, organisation: Any, drifted: ServiceInstance, ask: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(organisation.alice)
        assert self.woken == [], "it was looked at this very moment"
        self.later(monkeypatch, seconds=11)
        for person in (organisation.alice, organisation.bob, organisation.olga):
            assert ask(person).is_asked
        assert self.woken == [drifted.pk]
        moment = self.later(monkeypatch, seconds=1)
        DriftReport.objects.filter(pk=drifted.pk).update(tried_at=moment, checked_at=moment)
        assert not ask(organisation.alice).is_asked
        self.later(monkeypatch, seconds=11)
        assert ask(organisation.alice).is_asked
        assert len(self.woken) == 2

    def test_what_is_known_of_another_release_may_be_asked_anew_at_once(
        self, organisation: Any, drifted: ServiceInstance, ask: Any
    ) -> None:
        assert not ask(organisation.alice).is_asked
        DriftReport.objects.filter(pk=drifted.pk).update(release=None)
        assert ask(organisation.alice).is_asked

    def test_what_nobody_answers_may_be_asked_again(
        self, organisation: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(2):
            self.later(monkeypatch, seconds=61)
            ask(organisation.alice)
        assert len(self.woken) == 2

    def test_the_team_and_operators_may_where_something_runs(
        self, organisation: Any, drifted: ServiceInstance, ask: Any
    ) -> None:
        for person in (organisation.pia, organisation.audrey, organisation.pete):
            with pytest.raises(NotPermitted):
                ask(person)
        ServiceInstance.objects.filter(pk=drifted.pk).update(retired_at=clock.now())
        drifted.refresh_from_db()
        with pytest.raises(StateConflict, match="nothing to compare"):
            scans.ask(drifted, actor=organisation.alice)
