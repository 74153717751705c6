"""People are told what waits for them, and others what has waited too long; each once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.audit.models import AuditEvent, Notification
from portal.core.errors import PolicyDenied
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.operations import expiry, reminders, settling
from portal.lifecycle.services import approvals, break_glass, changes, comments, queue
from portal.lifecycle.states import ChangeState
from portal.lifecycle.tasks import sweep
from tests.factories import UserFactory, platform
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.gate import at, no_namespaces, rules, something_else, told, wait
from tests.lifecycle.helpers import ask, succeed

HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(organisation: Organisation) -> ChangeRequest:
    return wait(organisation)


# ------------------------------------------------------------------ the ordinary course
def test_those_who_may_decide_are_told_when_it_is_asked(organisation: Organisation) -> None:
    platform("alice", "operator")  # asks herself, so she does not decide
    change = wait(organisation)
    assert told("change.waiting") == {"olga", "oscar"}
    row = Notification.objects.filter(topic="change.waiting").first()
    assert row is not None
    assert (row.url, row.urgent) == (f"/changes/{change.pk}/", False)


def test_where_there_is_no_gate_nobody_is_told(organisation: Organisation) -> None:
    change = ask(organisation.alice, application="storefront", environment="dev", offering="namespace")
    succeed(change)
    assert not Notification.objects.exists()


def test_whoever_asked_is_told_what_became_of_it(organisation: Organisation, waiting: ChangeRequest) -> None:
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    assert told("change.queued") == {"alice"}
    succeed(waiting)
    assert told("change.succeeded") == {"alice"}


def test_rejected_expired_and_closed_are_told_too(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wait(organisation)
    approvals.reject(first, actor=organisation.olga, digest=first.seal, comment="Not on a Friday.")
    assert "Not on a Friday." in Notification.objects.get(topic="change.rejected").text
    second = wait(organisation)
    queue.close_many([(second.pk, second.seal)], actor=organisation.olga, comment="Overtaken.")
    assert told("change.superseded") == {"alice"}
    third = wait(organisation)
    at(monkeypatch, third.expires_at + HOUR)
    expiry.expire_due()
    assert told("change.expired") == {"alice"}


def test_nobody_is_told_of_what_they_did_themselves(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    newer = wait(organisation)
    waiting.refresh_from_db()
    assert waiting.superseded_by == newer
    changes.cancel(newer, actor=organisation.alice)
    assert told("change.superseded") == told("change.cancelled") == set()


def test_a_service_accounts_news_go_to_the_person_it_acts_for(organisation: Organisation) -> None:
    robot = UserFactory(username="robot", is_service_account=True, responsible=organisation.mona)
    organisation.shop.members.add(robot)
    change = wait(organisation, actor=robot)
    approvals.reject(change, actor=organisation.olga, digest=change.seal, comment="Not now.")
    assert told("change.rejected") == {"mona"}


# ------------------------------------------------------------------ reminding and escalating
def test_deciders_are_reminded_once_after_the_gates_time(
    organisation: Organisation, waiting: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, waiting.created_at + 24 * HOUR - timedelta(seconds=1))
    assert reminders.remind() == 0
    at(monkeypatch, waiting.created_at + 24 * HOUR)
    assert (reminders.remind(), reminders.remind()) == (1, 0)
    assert told("change.reminded") == {"olga", "oscar"}
    assert AuditEvent.objects.filter(action="change.reminded").count() == 1


def test_nobody_decides_so_others_are_told_urgently(
    organisation: Organisation, waiting: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, waiting.created_at + 72 * HOUR)
    assert (reminders.remind(), reminders.remind()) == (2, 0)
    assert told("change.escalated") == {"olga", "oscar", "pete"}
    assert set(Notification.objects.filter(topic="change.escalated").values_list("urgent", flat=True)) == {
        True
    }


def test_a_gate_may_do_without(
    organisation: Organisation, waiting: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(organisation, remind_after_hours=0, escalate_after_hours=0)
    at(monkeypatch, waiting.created_at + 100 * HOUR)
    assert reminders.remind() == 0


def test_what_was_decided_or_ended_is_not_reminded_of(
    organisation: Organisation, waiting: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    at(monkeypatch, waiting.created_at + 100 * HOUR)
    assert reminders.remind() == 0


def test_a_review_that_is_overdue_is_told_once(
    organisation: Organisation, waiting: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    glass = break_glass.pass_gate(
        waiting, actor=organisation.olga, digest=waiting.seal, reason="Customers cannot pay."
    )
    at(monkeypatch, glass.review_due_at)
    assert (reminders.remind(), reminders.remind()) == (1, 0)
    assert told("gate.review_overdue") == {"olga", "oscar", "pete"}
    assert AuditEvent.objects.get(action="gate.review_overdue").after["passed_by"] == "olga"
    break_glass.review(glass, actor=organisation.oscar, review="justified", comment="It was down.")
    BreakGlass.objects.update(overdue_told_at=None)
    assert reminders.remind() == 0


# ------------------------------------------------------------------ rules that were relaxed
def test_what_has_enough_consents_by_now_is_queued_by_the_sweep(organisation: Organisation) -> None:
    rules(organisation, approvals_required=2)
    change = wait(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    sweep()
    change.refresh_from_db()
    assert change.state == ChangeState.AWAITING_APPROVAL
    rules(organisation, approvals_required=1)
    sweep()
    change.refresh_from_db()
    assert change.state == ChangeState.QUEUED
    assert AuditEvent.objects.filter(action="change.queued").count() == 1
    assert settling.settle() == 0


def test_where_the_gate_is_gone_nothing_waits(organisation: Organisation, waiting: ChangeRequest) -> None:
    rules(organisation, approvals_required=0)
    assert settling.settle() == 1


def test_neither_a_wish_nor_a_lost_role_nor_a_broken_seal_nor_the_end_lets_it_through(
    organisation: Organisation, use_policies: UsePolicies, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(organisation, approvals_required=2)
    change = wait(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    rules(organisation, approvals_required=1)
    wish = comments.ask_for_change(change, actor=organisation.oscar, digest=change.seal, text="Wait.")
    assert settling.settle() == 0
    comments.settle(wish, actor=organisation.oscar)
    grants = organisation.olga.platform_roles
    grants.all().delete()
    assert settling.settle() == 0
    grants.create(role="operator")
    use_policies(something_else())
    assert settling.settle() == 0
    rules(organisation, approvals_required=0)
    assert settling.settle() == 0
    at(monkeypatch, change.expires_at)
    assert settling.settle() == 0


def test_an_emergency_is_never_let_through_by_itself(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    use_policies(no_namespaces(may_break_glass=True))
    with pytest.raises(PolicyDenied):
        wait(organisation)
    wait(organisation, emergency=True)
    rules(organisation, approvals_required=0)
    assert settling.settle() == 0
