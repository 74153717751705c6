"""When evidence is gathered, how long it counts, and what it keeps from being approved."""

from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.errors import EvidenceMissing
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.operations.evidence import gathering
from portal.lifecycle.selectors import evidence
from portal.lifecycle.services import approvals
from portal.lifecycle.services import evidence as service
from portal.lifecycle.states import ChangeState
from tests.lifecycle.evidence.conftest import ask_for, gathered
from tests.lifecycle.helpers import WEB, ask, live_service

pytestmark = pytest.mark.django_db
Status = Evidence.Status


@pytest.fixture
def later(monkeypatch):
    """Move the portal's clock."""

    def later(**span):
        now = clock.now() + timedelta(**span)
        monkeypatch.setattr(clock, "now", lambda: now)

    return later


def requiring(**kinds: int) -> None:
    """Minutes by kind."""
    Environment.objects.filter(slug="production").update(required_evidence=kinds)


@pytest.fixture
def waiting(organisation):
    """alice's request in production, which waits. No cluster answers."""
    requiring(policies=10)
    return ask(organisation.alice, application="storefront", environment="production", offering="namespace")


def test_a_gate_without_its_evidence_names_it_then_opens_once_it_is_refreshed(organisation, waiting, later):
    gathered(waiting)
    later(minutes=11)
    with pytest.raises(EvidenceMissing, match=r"Policies: older than 10 min\. Refresh it") as refusal:
        approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    assert refusal.value.code == "evidence_missing"
    assert refusal.value.details["evidence"] == [
        {"kind": "policies", "label": "Policies", "why": "older than 10 min", "refresh": True}
    ]
    service.refresh(waiting, actor=organisation.olga)
    assert gathering.due_ids() == [waiting.pk]
    assert gathering.gather(waiting.pk)
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    assert waiting.state == ChangeState.QUEUED


def test_evidence_that_was_never_gathered_keeps_the_gate_shut(organisation, waiting):
    with pytest.raises(EvidenceMissing, match="not gathered yet"):
        approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)


def test_an_unreachable_cluster_leaves_unknown_what_only_it_knows_and_blocks_where_that_is_wanted(
    organisation, waiting
):
    rows = gathered(waiting)
    assert rows["diff"].status == Status.UNKNOWN
    assert "does not answer" in rows["diff"].summary
    assert rows["policies"].status == Status.GOOD
    assert evidence.lacking(waiting) == []
    requiring(policies=10, diff=10)
    waiting = ChangeRequest.objects.get(pk=waiting.pk)
    with pytest.raises(EvidenceMissing, match="Difference to what is live: Could not be found out"):
        approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)


def test_an_unreachable_cluster_does_not_change_what_is_known_of_health(organisation):
    instance = live_service(organisation)
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    instance.refresh_from_db()
    known = instance.health, instance.health_since
    rows = gathered(
        ask(organisation.alice, kind="update", instance=instance.pk, values={**WEB, "replicas": 2})
    )
    assert rows["health"].status == Status.UNKNOWN
    instance.refresh_from_db()
    assert (instance.health, instance.health_since) == known


def test_evidence_of_another_release_does_not_count(waiting):
    gathered(waiting)
    ChangeRequest.objects.filter(pk=waiting.pk).update(seal="sha256:" + "0" * 64)
    (lacking,) = evidence.lacking(ChangeRequest.objects.get(pk=waiting.pk))
    assert lacking.why == "gathered for another release"


def test_evidence_from_the_future_does_not_count_and_is_replaced(organisation, waiting):
    row = gathered(waiting)["policies"]
    ahead = clock.now() + timedelta(days=1)
    Evidence.objects.filter(pk=row.pk).update(observed_at=ahead)
    ChangeRequest.objects.filter(pk=waiting.pk).update(evidence_asked_at=ahead, evidence_gathered_at=ahead)
    (lacking,) = evidence.lacking(waiting)
    assert lacking.why == "observed in the future: a clock is wrong"
    service.refresh(waiting, actor=organisation.olga)
    assert gathering.gather(waiting.pk)
    row.refresh_from_db()
    assert row.observed_at <= clock.now()
    assert evidence.lacking(ChangeRequest.objects.get(pk=waiting.pk)) == []


def test_it_is_as_old_as_its_beginning(waiting, later, monkeypatch):
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began)

    def slow(subject):
        later(seconds=40)

    monkeypatch.setitem(gathering.GATHERERS, "quota", slow)
    assert gathered(waiting)["policies"].observed_at == began


def test_a_second_delivery_gathers_nothing(waiting):
    rows = gathered(waiting)
    assert not gathering.gather(waiting.pk)
    assert gathering.due_ids() == []
    assert {row.kind: row.observed_at for row in waiting.evidence.all()} == {
        kind: row.observed_at for kind, row in rows.items()
    }


def test_what_is_asked_while_it_is_gathered_is_gathered_again(organisation, waiting, later, monkeypatch):
    def asked_meanwhile(subject):
        later(seconds=20)
        service.refresh(waiting, actor=organisation.olga)

    monkeypatch.setitem(gathering.GATHERERS, "quota", asked_meanwhile)
    gathered(waiting)
    monkeypatch.undo()
    assert ChangeRequest.objects.filter(pk__in=gathering._due(clock.now() + timedelta(minutes=1))).exists()


def test_a_lost_workers_change_is_gathered_by_another_and_the_lost_one_writes_no_more(
    waiting, later, monkeypatch
):
    def overtaken(subject):
        later(seconds=gathering.LEASE.total_seconds() + 1)
        monkeypatch.setitem(gathering.GATHERERS, "policies", lambda subject: None)
        monkeypatch.setitem(gathering.GATHERERS, "quota", quota)
        assert gathering.due_ids() == [waiting.pk]
        assert gathering.gather(waiting.pk)
        return gathering.Found(Status.BAD, "too late", "a lost worker")

    quota = gathering.GATHERERS["quota"]
    monkeypatch.setitem(gathering.GATHERERS, "quota", overtaken)
    ChangeRequest.objects.filter(pk=waiting.pk).update(evidence_asked_at=clock.now())
    assert not gathering.gather(waiting.pk)
    assert waiting.evidence.get(kind="quota").summary != "too late"


def test_a_change_that_is_decided_is_not_looked_at(organisation, waiting):
    gathered(waiting)
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    ask_for(waiting)
    assert gathering.due_ids() == []
    assert not gathering.gather(waiting.pk)
