"""The gate: who may decide, on what exactly, and once."""

import threading

import pytest
from django.db import connections

from portal.audit.models import AuditEvent
from portal.core.errors import NotPermitted, ReleaseChanged, SealBroken, StateConflict, ValidationFailed
from portal.lifecycle.models import Approval, ChangeRequest, Release
from portal.lifecycle.operations import admittance, seals
from portal.lifecycle.selectors import changes as selectors
from portal.lifecycle.services import approvals
from portal.lifecycle.states import ChangeState
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(organisation):
    """alice's request in production, which waits."""
    return ask(organisation.alice, application="storefront", environment="production", offering="namespace")


def test_production_waits(waiting):
    assert waiting.state == ChangeState.AWAITING_APPROVAL
    line = selectors.waiting_on(waiting)
    assert (line.text, line.who) == ("an operator", ["olga", "oscar"])


def test_an_operator_approves_and_the_change_is_queued(organisation, waiting):
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal, comment="fine")
    assert waiting.state == ChangeState.QUEUED
    assert AuditEvent.objects.filter(action="change.approved", actor=organisation.olga).count() == 1


@pytest.mark.parametrize("person", ["alice", "bob", "mona", "pia", "pete", "audrey"])
def test_who_is_no_operator_cannot_decide_and_the_attempt_is_audited(organisation, waiting, person):
    with pytest.raises(NotPermitted):
        approvals.approve(waiting, actor=getattr(organisation, person), digest=waiting.seal)
    assert AuditEvent.objects.filter(action="decision.refused").count() == 1
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.AWAITING_APPROVAL


def test_requester_cannot_approve_even_as_an_operator(organisation, waiting):
    from tests.factories import platform

    platform("alice", "operator")
    with pytest.raises(NotPermitted, match="You asked for this change"):
        approvals.approve(waiting, actor=organisation.alice, digest=waiting.seal)


def test_a_service_account_cannot_decide(organisation, waiting):
    olga = organisation.olga
    olga.is_service_account = True
    with pytest.raises(NotPermitted, match="person"):
        approvals.approve(waiting, actor=olga, digest=waiting.seal)


def test_another_digest_than_the_sealed_one_is_refused(organisation, waiting):
    with pytest.raises(ReleaseChanged):
        approvals.approve(waiting, actor=organisation.olga, digest="sha256:" + "0" * 64)
    assert not Approval.objects.exists()


def test_a_second_click_is_told_that_it_is_late(organisation, waiting):
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    with pytest.raises(StateConflict):
        approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    assert Approval.objects.count() == 1


def test_two_approvals_need_two_people(organisation):
    environment = organisation.environment("production")
    type(environment).objects.filter(pk=environment.pk).update(approvals_required=2)
    change = ask(organisation.alice, application="storefront", environment="production", offering="namespace")
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    assert change.state == ChangeState.AWAITING_APPROVAL
    assert selectors.waiting_on(change).who == ["oscar"]
    with pytest.raises(StateConflict, match="already"):
        approvals.approve(change, actor=organisation.olga, digest=change.seal)
    approvals.approve(change, actor=organisation.oscar, digest=change.seal)
    assert change.state == ChangeState.QUEUED


def test_rejecting_needs_a_reason_and_frees_the_name(organisation, waiting):
    with pytest.raises(ValidationFailed):
        approvals.reject(waiting, actor=organisation.olga, digest=waiting.seal, comment=" ")
    approvals.reject(waiting, actor=organisation.olga, digest=waiting.seal, comment="not on Friday")
    assert waiting.state == ChangeState.REJECTED
    assert "not on Friday" in waiting.outcome
    again = ask(organisation.alice, application="storefront", environment="production", offering="namespace")
    assert again.state == ChangeState.AWAITING_APPROVAL


def test_the_queue_shows_an_operator_what_waits_and_nobody_else(organisation, waiting):
    assert list(selectors.awaiting_decision_by(organisation.olga)) == [waiting]
    for name in ("alice", "pia", "pete", "audrey"):
        assert not selectors.awaiting_decision_by(getattr(organisation, name)).exists()


def test_an_approver_who_lost_the_role_does_not_count_at_execution(organisation, waiting):
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    organisation.olga.platform_roles.all().delete()
    with pytest.raises(SealBroken, match="1 more approval"):
        admittance.check(ChangeRequest.objects.get(pk=waiting.pk))


def test_a_release_altered_in_the_database_is_refused(organisation, waiting):
    Release.objects.filter(pk=waiting.release_id).update(images=["registry.example.com/evil:1"])
    release = Release.objects.get(pk=waiting.release_id)
    with pytest.raises(SealBroken, match="image references"):
        seals.Rendering(release, instance=waiting.subject).documents()


def test_changed_values_under_the_same_seal_are_refused(organisation, waiting):
    Release.objects.filter(pk=waiting.release_id).update(values={"anything": "else"})
    release = Release.objects.get(pk=waiting.release_id)
    with pytest.raises(SealBroken, match="values"):
        seals.Rendering(release, instance=waiting.subject).documents()


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_make_one_approval_and_one_queueing(organisation):
    change = ask(organisation.alice, application="storefront", environment="production", offering="namespace")
    start, results = threading.Barrier(10), []
    people = [organisation.olga, organisation.oscar] * 5

    def click(n: int) -> None:
        try:
            start.wait()
            approvals.approve(ChangeRequest.objects.get(pk=change.pk), actor=people[n], digest=change.seal)
            results.append("approved")
        except StateConflict:
            results.append("late")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["approved"] + ["late"] * 9
    assert AuditEvent.objects.filter(action="change.queued", object_id=str(change.pk)).count() == 1
