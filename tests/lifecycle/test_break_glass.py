"""Passing a gate in an emergency: by whom, on what, how loudly, and the review that has to follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import Membership, User
from portal.audit.models import AuditEvent, Notification
from portal.core import clock
from portal.core.errors import (
    NotPermitted,
    PolicyDenied,
    ReauthenticationRequired,
    ReleaseChanged,
    SealBroken,
    StateConflict,
    ValidationFailed,
)
from portal.environments import window_services
from portal.lifecycle.models import BreakGlass, ChangeRequest, Release
from portal.lifecycle.operations import admittance, claims
from portal.lifecycle.selectors import queue
from portal.lifecycle.services import approvals, break_glass, changes
from portal.lifecycle.states import ChangeState
from tests.factories import UserFactory, platform
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.gate import at, no_namespaces, on_call, rules, told, wait

REASON = "Customers cannot pay; this brings them back."


@pytest.fixture
def waiting(organisation: Organisation) -> ChangeRequest:
    return wait(organisation)


def broken(change: ChangeRequest, actor: User, **more: Any) -> BreakGlass:
    return break_glass.pass_gate(change, actor=actor, **{"digest": change.seal, "reason": REASON, **more})


# ------------------------------------------------------------------ by whom
def test_an_operator_passes_the_gate_and_the_change_is_queued(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    glass = broken(waiting, organisation.olga)
    assert (waiting.state, waiting.expires_at) == (ChangeState.QUEUED, None)
    assert glass.review_due_at - glass.at == timedelta(hours=24)
    event = AuditEvent.objects.get(action="gate.passed")
    assert (event.actor_name, event.comment, event.after["digest"]) == ("olga", REASON, waiting.seal)
    admittance.check(ChangeRequest.objects.get(pk=waiting.pk))


def test_a_maintainer_may_only_while_on_call(organisation: Organisation, waiting: ChangeRequest) -> None:
    with pytest.raises(NotPermitted, match="on call"):
        broken(waiting, organisation.mona)
    broken(waiting, on_call(organisation))
    assert waiting.state == ChangeState.QUEUED


@pytest.mark.parametrize("name", ["alice", "bob", "pia", "pete", "audrey"])
def test_nobody_else_may_and_the_attempt_is_audited(
    organisation: Organisation, waiting: ChangeRequest, name: str
) -> None:
    on_call(organisation, "bob")  # a developer on call is no maintainer
    with pytest.raises(NotPermitted):
        broken(waiting, getattr(organisation, name))
    assert AuditEvent.objects.get(action="decision.refused").actor_name == name
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.AWAITING_APPROVAL
    assert break_glass.why_may_not_pass(waiting, getattr(organisation, name))


def test_whoever_asked_may_not_unless_the_gate_says_so(organisation: Organisation) -> None:
    change = wait(organisation, actor=on_call(organisation))
    with pytest.raises(NotPermitted, match="You asked for this change"):
        broken(change, organisation.mona)
    rules(organisation, requester_may_break_glass=True)
    broken(ChangeRequest.objects.get(pk=change.pk), organisation.mona)


def test_nor_may_the_person_whom_the_asking_service_account_acts_for(organisation: Organisation) -> None:
    mona = on_call(organisation)
    robot = UserFactory(username="robot", is_service_account=True, responsible=mona)
    Membership.objects.create(team=organisation.shop, user=robot)
    change = wait(organisation, actor=robot)
    with pytest.raises(NotPermitted, match="You asked"):
        broken(change, mona)


def test_a_service_account_cannot_whatever_its_role(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    robot = platform("robot", "operator")
    User.objects.filter(pk=robot.pk).update(is_service_account=True)
    with pytest.raises(NotPermitted, match="a person's word"):
        broken(waiting, User.objects.get(pk=robot.pk))


# ------------------------------------------------------------------ on what
@pytest.mark.parametrize("reason", ["", "   ", "urgent!", " too short  "])
def test_a_reason_has_to_be_typed(organisation: Organisation, waiting: ChangeRequest, reason: str) -> None:
    with pytest.raises(ValidationFailed, match="at least 10"):
        broken(waiting, organisation.olga, reason=reason)
    assert not BreakGlass.objects.exists()


def test_it_binds_to_the_digest_that_was_seen(organisation: Organisation, waiting: ChangeRequest) -> None:
    with pytest.raises(ReleaseChanged):
        broken(waiting, organisation.olga, digest="sha256:" + "0" * 64)


def test_a_broken_seal_is_not_passed(organisation: Organisation, waiting: ChangeRequest) -> None:
    Release.objects.filter(pk=waiting.release_id).update(images=["registry.example.com/evil:1"])
    with pytest.raises(SealBroken, match="image references"):
        broken(ChangeRequest.objects.get(pk=waiting.pk), organisation.olga)


def test_it_wants_the_password_where_the_gate_does(organisation: Organisation) -> None:
    rules(organisation, reauthenticate=True)
    change, olga = wait(organisation), organisation.olga
    olga.set_password("correct horse battery")
    olga.save()
    with pytest.raises(ReauthenticationRequired):
        broken(change, organisation.olga)
    with pytest.raises(ReauthenticationRequired, match="not your password"):
        broken(change, organisation.olga, password="guess")
    assert AuditEvent.objects.filter(action="decision.refused").count() == 1
    broken(change, organisation.olga, password="correct horse battery")


def test_too_late_is_too_late(
    organisation: Organisation, waiting: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, waiting.expires_at + timedelta(seconds=1))
    with pytest.raises(StateConflict, match="nothing to pass"):
        broken(waiting, organisation.olga)


def test_what_was_cancelled_is_not_passed(organisation: Organisation, waiting: ChangeRequest) -> None:
    seen = ChangeRequest.objects.get(pk=waiting.pk)
    changes.cancel(waiting, actor=organisation.alice)
    with pytest.raises(StateConflict):
        broken(seen, organisation.olga)
    assert not BreakGlass.objects.exists()


def test_what_waits_for_an_opening_runs_at_once(organisation: Organisation, waiting: ChangeRequest) -> None:
    now = clock.now()
    window_services.create(
        organisation.environment("production"),
        actor=organisation.pete,
        kind="freeze",
        reason="Stock-taking.",
        time_zone="UTC",
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=3),
    )
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    assert claims.take(waiting.pk, owner="test") is None
    waiting.refresh_from_db()
    assert "Stock-taking" in waiting.held
    broken(waiting, organisation.oscar)
    assert waiting.held == ""
    assert claims.take(waiting.pk, owner="test") is not None


# ------------------------------------------------------------------ policy
def test_policy_denials_stay_denials(organisation: Organisation, use_policies: UsePolicies) -> None:
    use_policies(no_namespaces(may_break_glass=False))
    with pytest.raises(PolicyDenied):
        wait(organisation, emergency=True)


def test_a_policy_that_admits_it_is_passed_and_named(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    use_policies(no_namespaces(may_break_glass=True))
    with pytest.raises(PolicyDenied):
        wait(organisation)  # not asked for as an emergency
    change = wait(organisation, emergency=True)
    with pytest.raises(PolicyDenied, match="nobody can approve"):
        approvals.approve(change, actor=organisation.olga, digest=change.seal)
    assert broken(change, organisation.olga).policies == ["no-namespaces"]
    admittance.check(ChangeRequest.objects.get(pk=change.pk))


def test_a_policy_that_has_taken_its_word_back_is_not_passed(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    use_policies(no_namespaces(may_break_glass=True))
    change = wait(organisation, emergency=True)
    use_policies(no_namespaces(may_break_glass=False))
    with pytest.raises(SealBroken, match="policy bundle"):
        broken(change, organisation.olga)


# ------------------------------------------------------------------ how loudly
def test_team_operators_and_platform_engineers_are_told_urgently(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    broken(waiting, organisation.olga)
    assert told("gate.passed") == {"alice", "bob", "mona", "olga", "oscar", "pete"}
    assert all(row.urgent and REASON in row.text for row in Notification.objects.filter(topic="gate.passed"))


# ------------------------------------------------------------------ the review
def test_another_operator_reviews_it(organisation: Organisation, waiting: ChangeRequest) -> None:
    glass = broken(waiting, organisation.olga)
    assert list(queue.unreviewed_for(organisation.oscar)) == [glass]
    break_glass.review(glass, actor=organisation.oscar, review="justified", comment="It was down.")
    assert (glass.review, glass.reviewed_by) == ("justified", organisation.oscar)
    event = AuditEvent.objects.get(action="gate.reviewed")
    assert (event.actor_name, event.after) == ("oscar", {"review": "justified", "passed_by": "olga"})
    assert not queue.unreviewed_for(organisation.oscar).exists()
    assert told("gate.reviewed") == {"olga", "alice"}


def test_not_justified_is_told_to_all_operators(organisation: Organisation, waiting: ChangeRequest) -> None:
    glass = broken(waiting, on_call(organisation))
    break_glass.review(
        glass, actor=organisation.olga, review="unjustified", comment="Monday would have done."
    )
    assert told("gate.reviewed") == {"mona", "alice", "olga", "oscar"}


def test_who_passed_it_asked_for_it_or_took_part_cannot_review(organisation: Organisation) -> None:
    platform("alice", "operator")
    change = wait(organisation)
    change.contributors.add(platform("otto", "operator"))
    glass = broken(change, organisation.olga)
    for name in ("olga", "alice", "otto", "mona", "pete", "audrey"):
        user = User.objects.get(username=name)
        assert break_glass.why_may_not_review(glass, user)
        assert not queue.unreviewed_for(user).exists()
        with pytest.raises(NotPermitted):
            break_glass.review(glass, actor=user, review="justified", comment="Of course.")
    assert AuditEvent.objects.filter(action="decision.refused").count() == 6
    assert BreakGlass.objects.unreviewed().exists()


@pytest.mark.parametrize(
    ("review", "comment", "path"), [("justified", " ", "/comment"), ("fine", "x", "/review")]
)
def test_a_review_says_what_and_why(
    organisation: Organisation, waiting: ChangeRequest, review: str, comment: str, path: str
) -> None:
    glass = broken(waiting, organisation.olga)
    with pytest.raises(ValidationFailed) as wrong:
        break_glass.review(glass, actor=organisation.oscar, review=review, comment=comment)
    assert [error["path"] for error in wrong.value.errors] == [path]


def test_it_is_reviewed_once(organisation: Organisation, waiting: ChangeRequest) -> None:
    glass = broken(waiting, organisation.olga)
    break_glass.review(glass, actor=organisation.oscar, review="justified", comment="It was down.")
    with pytest.raises(StateConflict, match="already"):
        break_glass.review(glass, actor=organisation.oscar, review="unjustified", comment="Or not.")
    assert AuditEvent.objects.filter(action="gate.reviewed").count() == 1
