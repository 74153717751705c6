"""Rules of a gate: by whom, what they may be, why, and what they do at once. Groups, and who is on call."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import Membership, User
from portal.audit.models import AuditEvent, Notification
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.environments.groups import save_group
from portal.environments.models import ApproverGroup, Environment
from portal.lifecycle.selectors import changes as selectors
from portal.lifecycle.selectors import consents
from portal.lifecycle.services import approvals, gates, people
from portal.lifecycle.states import ChangeState
from tests.factories import UserFactory, platform
from tests.fixtures.organisation import Organisation
from tests.lifecycle.gate import told, wait


def change(organisation: Organisation, reason: str = "Agreed.", **fields: Any) -> Environment:
    production = organisation.environment("production")
    return gates.change_gate(production, actor=organisation.pete, reason=reason, **fields)


def group(organisation: Organisation, slug: str, *names: str) -> ApproverGroup:
    members = [getattr(organisation, name) for name in names]
    return save_group(slug=slug, name=slug.title(), members=members, actor=organisation.pete)


# ------------------------------------------------------------------ rules
def test_a_change_of_the_rules_is_audited_with_before_after_and_why(organisation: Organisation) -> None:
    change(organisation, approvals_required=2, required_evidence={"drift": 60}, reason="After the outage.")
    event = AuditEvent.objects.filter(action="environment.saved").latest("at")
    assert event.actor == organisation.pete
    assert event.before == {"approvals_required": 1, "required_evidence": {}}
    assert event.after == {"approvals_required": 2, "required_evidence": {"drift": 60}}
    assert event.comment == "After the outage."


def test_what_is_so_already_records_nothing(organisation: Organisation) -> None:
    events = AuditEvent.objects.count()
    change(organisation, approvals_required=1, approver_groups=[])
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("name", ["alice", "mona", "olga", "audrey"])
def test_only_a_platform_engineer_sets_them(organisation: Organisation, name: str) -> None:
    production = organisation.environment("production")
    with pytest.raises(NotPermitted):
        gates.change_gate(
            production, actor=getattr(organisation, name), reason="Why not?", approvals_required=0
        )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"approvals_required": 6}, "/approvals_required"),
        ({"approvals_required": -1}, "/approvals_required"),
        ({"approvals_required": True}, "/approvals_required"),
        ({"approvals_required": "2"}, "/approvals_required"),
        ({"rollback_approvals_required": 2}, "/rollback_approvals_required"),
        ({"minimum_soak_minutes": 43_201}, "/minimum_soak_minutes"),
        ({"required_evidence": {"stars": 5}}, "/required_evidence"),
        ({"required_evidence": {"drift": 0}}, "/required_evidence/drift"),
        ({"required_evidence": {"drift": 43_201}}, "/required_evidence/drift"),
        ({"required_evidence": {"drift": None}}, "/required_evidence/drift"),
        ({"required_evidence": ["drift"]}, "/required_evidence"),
        ({"approver_groups": ["nobody"]}, "/approver_groups"),
        ({"approver_groups": ["empty"]}, "/approver_groups"),
        ({"one_of_each_group": True}, "/one_of_each_group"),
        ({"one_of_each_group": True, "approver_groups": ["one", "two"]}, "/approvals_required"),
        ({"changes_expire_after_hours": 0}, "/changes_expire_after_hours"),
        ({"remind_after_hours": 48, "escalate_after_hours": 24}, "/escalate_after_hours"),
        ({"review_within_hours": 0}, "/review_within_hours"),
        ({"reauthenticate": "yes"}, "/reauthenticate"),
        ({"guard": "off"}, "/guard"),
        ({"cluster": 1}, "/cluster"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    organisation: Organisation, fields: dict[str, Any], path: str
) -> None:
    group(organisation, "one", "olga")
    group(organisation, "two", "oscar")
    group(organisation, "empty")
    with pytest.raises(ValidationFailed) as wrong:
        change(organisation, **fields)
    assert [error["path"] for error in wrong.value.errors] == [path]
    assert organisation.environment("production").approvals_required == 1


@pytest.mark.parametrize("reason", ["", "  "])
def test_why_has_to_be_said(organisation: Organisation, reason: str) -> None:
    with pytest.raises(ValidationFailed, match="correct"):
        change(organisation, reason=reason, requester_may_decide=True)
    assert not organisation.environment("production").requester_may_decide


def test_a_relaxation_is_told_to_all_operators_and_its_end_to_nobody(organisation: Organisation) -> None:
    change(organisation, requester_may_decide=True, contributors_may_decide=True)
    assert told("gate.relaxed") == {"olga", "oscar"}
    row = Notification.objects.filter(topic="gate.relaxed").first()
    assert row is not None
    assert row.urgent
    assert "pete relaxed the gate of Production: whoever asked may approve;" in row.text
    assert row.url == "/platform/environments/production/gate/"
    change(organisation, requester_may_decide=False)
    assert Notification.objects.filter(topic="gate.relaxed").count() == 2


def test_a_relaxation_lets_whoever_asked_decide_and_its_end_voids_that(organisation: Organisation) -> None:
    platform("alice", "operator")
    change(organisation, approvals_required=2, requester_may_decide=True)
    waiting = wait(organisation)
    approvals.approve(waiting, actor=organisation.alice, digest=waiting.seal)
    assert [user.username for user in consents.consenting(waiting)] == ["alice"]
    change(organisation, requester_may_decide=False)
    waiting = type(waiting).objects.get(pk=waiting.pk)
    assert consents.consenting(waiting) == []


def test_rules_that_are_others_by_now_are_not_overwritten(organisation: Organisation) -> None:
    seen = gates.digest_of_rules(organisation.environment("production"))
    change(organisation, approvals_required=2, seen=seen)
    with pytest.raises(StateConflict, match="since you looked"):
        change(organisation, approvals_required=3, seen=seen)


# ------------------------------------------------------------------ groups
def test_one_of_each_group_has_to_approve(organisation: Organisation) -> None:
    group(organisation, "releases", "olga", "oscar")
    group(organisation, "security", "oscar")
    change(
        organisation,
        approvals_required=2,
        approver_groups=["releases", "security"],
        one_of_each_group=True,
    )
    platform("otto", "operator")
    waiting = wait(organisation)
    assert selectors.waiting_on(waiting).who == ["olga", "oscar"]
    with pytest.raises(NotPermitted, match="releases, security"):
        approvals.approve(waiting, actor=User.objects.get(username="otto"), digest=waiting.seal)
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    assert consents.lacking(waiting) == ["1 more approval", "one of security"]
    approvals.approve(waiting, actor=organisation.oscar, digest=waiting.seal)
    assert waiting.state == ChangeState.QUEUED


def test_a_group_is_audited_and_saving_it_again_records_nothing(organisation: Organisation) -> None:
    group(organisation, "security", "olga")
    group(organisation, "security", "olga")
    group(organisation, "security", "olga", "oscar")
    events = list(AuditEvent.objects.filter(action="group.saved").order_by("at"))
    assert [event.after["members"] for event in events] == [["olga"], ["olga", "oscar"]]
    assert events[1].before["members"] == ["olga"]


def test_members_are_people(organisation: Organisation) -> None:
    robot = UserFactory(username="robot", is_service_account=True)
    gone = UserFactory(username="gone", is_active=False)
    with pytest.raises(ValidationFailed) as wrong:
        save_group(slug="security", name="Security", members=[robot, gone], actor=organisation.pete)
    assert [error["path"] for error in wrong.value.errors] == ["/members", "/members"]


@pytest.mark.parametrize("slug", ["", "-", "Release Managers", "UPPER", "a" * 41, "a_b", "ä"])
def test_slugs_that_are_none(organisation: Organisation, slug: str) -> None:
    with pytest.raises(ValidationFailed):
        save_group(slug=slug, name="G", members=[], actor=organisation.pete)


def test_a_group_that_a_gate_wants_is_not_emptied(organisation: Organisation) -> None:
    group(organisation, "security", "olga")
    change(organisation, approver_groups=["security"])
    with pytest.raises(StateConflict, match="gate of production"):
        group(organisation, "security")


@pytest.mark.parametrize("name", ["alice", "olga", "audrey"])
def test_only_a_platform_engineer_saves_groups(organisation: Organisation, name: str) -> None:
    with pytest.raises(NotPermitted):
        save_group(slug="g", name="G", members=[], actor=getattr(organisation, name))


# ------------------------------------------------------------------ on call
@pytest.mark.parametrize(
    ("actor", "may"), [("mona", True), ("olga", True), ("alice", False), ("pete", False), ("pia", False)]
)
def test_a_maintainer_of_the_team_or_an_operator_puts_somebody_on_call(
    organisation: Organisation, actor: str, may: bool
) -> None:
    membership = Membership.objects.get(user=organisation.mona)
    if not may:
        with pytest.raises(NotPermitted):
            people.set_on_call(membership, True, actor=getattr(organisation, actor))
        return
    assert people.set_on_call(membership, True, actor=getattr(organisation, actor))
    assert not people.set_on_call(membership, True, actor=getattr(organisation, actor))
    assert membership.on_call
    event = AuditEvent.objects.get(action="team.on_call_changed")
    assert (event.team_id, event.after) == (organisation.shop.pk, {"person": "mona", "on_call": True})


def test_only_maintainers_can_be_on_call(organisation: Organisation) -> None:
    membership = Membership.objects.get(user=organisation.bob)
    with pytest.raises(StateConflict, match="no maintainer"):
        people.set_on_call(membership, True, actor=organisation.mona)
