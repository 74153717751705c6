"""Sealing a waiting change again: what it voids, what stays, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.audit.models import AuditEvent, Notification
from portal.core import clock
from portal.core.errors import (
    ChangeWanted,
    NotPermitted,
    PolicyDenied,
    ReleaseChanged,
    SealBroken,
    StateConflict,
)
from portal.lifecycle.models import ChangeRequest, Release, ServiceInstance
from portal.lifecycle.services import approvals, comments, reseals, retirements
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.gate import at, no_namespaces, rules, something_else, told, wait
from tests.lifecycle.helpers import ask, succeed


@pytest.fixture
def waiting(organisation: Organisation) -> ChangeRequest:
    return wait(organisation)


@pytest.fixture
def outdated(waiting: ChangeRequest, use_policies: UsePolicies) -> ChangeRequest:
    """It was sealed under other policies than those of now."""
    use_policies(something_else())
    return waiting


def test_the_same_wish_waits_with_a_new_release(organisation: Organisation, outdated: ChangeRequest) -> None:
    old = Release.objects.get(pk=outdated.release_id)
    with pytest.raises(SealBroken, match="policy bundle"):
        approvals.approve(outdated, actor=organisation.olga, digest=outdated.seal)
    change = reseals.reseal(outdated, actor=organisation.bob)
    new = Release.objects.get(pk=change.release_id)
    assert (change.pk, change.state, change.seal) == (outdated.pk, "awaiting_approval", new.digest)
    assert (new.number, new.inputs, new.plan, new.offering_version) == (
        old.number + 1,
        old.inputs,
        old.plan,
        old.offering_version,
    )
    assert new.digest != old.digest
    assert new.values == old.values
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    assert change.state == ChangeState.QUEUED


def test_consents_to_the_old_release_count_no_longer(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    rules(organisation, approvals_required=2)
    change = wait(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    use_policies(something_else())
    change = reseals.reseal(change, actor=organisation.alice)
    assert not change.approvals.valid().exists()
    approvals.approve(change, actor=organisation.oscar, digest=change.seal)
    assert change.state == ChangeState.AWAITING_APPROVAL
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    assert change.state == ChangeState.QUEUED


def test_a_wish_for_a_change_of_the_old_release_is_answered(
    organisation: Organisation, waiting: ChangeRequest, use_policies: UsePolicies
) -> None:
    comments.ask_for_change(waiting, actor=organisation.olga, digest=waiting.seal, text="Other policies.")
    with pytest.raises(ChangeWanted):
        approvals.approve(waiting, actor=organisation.oscar, digest=waiting.seal)
    use_policies(something_else())
    change = reseals.reseal(waiting, actor=organisation.alice)
    assert not change.comments.standing().exists()
    approvals.approve(change, actor=organisation.oscar, digest=change.seal)


def test_whoever_seals_it_has_a_part_in_it_and_deciders_are_told_again(
    organisation: Organisation, outdated: ChangeRequest
) -> None:
    asked, sealed = outdated.evidence_asked_at, outdated.seal
    change = reseals.reseal(outdated, actor=organisation.bob)
    assert change.contributor_ids == {organisation.alice.pk, organisation.bob.pk}
    assert change.evidence_asked_at > asked
    assert told("change.waiting") == {"olga", "oscar"}
    assert Notification.objects.filter(topic="change.waiting", user=organisation.olga).count() == 2
    event = AuditEvent.objects.get(action="change.resealed")
    assert (event.actor_name, event.after["differs"]) == ("bob", ["policy"])
    assert (event.before["seal"], event.after["seal"]) == (sealed, change.seal)


@pytest.mark.parametrize("name", ["olga", "pia", "pete", "audrey"])
def test_only_who_may_ask_for_changes_of_the_team_may(
    organisation: Organisation, outdated: ChangeRequest, name: str
) -> None:
    with pytest.raises(NotPermitted):
        reseals.reseal(outdated, actor=getattr(organisation, name))
    assert Release.objects.count() == 1


def test_where_nothing_has_changed_nothing_is_sealed(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    with pytest.raises(StateConflict, match="Nothing it is made of has changed"):
        reseals.reseal(waiting, actor=organisation.alice)
    assert Release.objects.count() == 1


def test_what_policy_refuses_now_is_refused_and_stays_as_it_was(
    organisation: Organisation, waiting: ChangeRequest, use_policies: UsePolicies
) -> None:
    use_policies(no_namespaces(may_break_glass=True))
    with pytest.raises(PolicyDenied) as refused:
        reseals.reseal(waiting, actor=organisation.alice)
    assert {verdict["policy"] for verdict in refused.value.details["verdicts"]} == {"no-namespaces"}
    fresh = ChangeRequest.objects.get(pk=waiting.pk)
    assert (fresh.state, fresh.seal, fresh.release_id) == (
        "awaiting_approval",
        waiting.seal,
        waiting.release_id,
    )
    assert (ChangeRequest.objects.count(), Release.objects.count()) == (1, 1)


def test_an_emergency_that_policy_allows_by_now_can_be_approved(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    use_policies(no_namespaces(may_break_glass=True))
    change = wait(organisation, emergency=True)
    assert change.emergency
    use_policies(something_else())
    change = reseals.reseal(change, actor=organisation.alice)
    assert not change.emergency
    approvals.approve(change, actor=organisation.olga, digest=change.seal)


def test_somebody_else_was_first(organisation: Organisation, outdated: ChangeRequest) -> None:
    seen = ChangeRequest.objects.get(pk=outdated.pk)
    reseals.reseal(outdated, actor=organisation.alice)
    with pytest.raises((ReleaseChanged, StateConflict)):
        reseals.reseal(seen, actor=organisation.bob)
    assert Release.objects.count() == 2


def test_what_waits_no_more_is_not_sealed(
    organisation: Organisation, outdated: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, outdated.expires_at + timedelta(seconds=1))
    with pytest.raises(StateConflict, match="no longer waits"):
        reseals.reseal(outdated, actor=organisation.alice)


def test_a_retirement_is_sealed_again_only_when_something_else_runs(organisation: Organisation) -> None:
    change = wait(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    instance = succeed(change)
    retirements.announce(instance, actor=organisation.alice)
    retiring = ask(organisation.alice, kind="retire", instance=instance.pk, confirm=instance.name)
    with pytest.raises(StateConflict, match="Nothing it is made of"):
        reseals.reseal(retiring, actor=organisation.alice)
    other = Release(
        **{
            field.attname: getattr(change.release, field.attname)
            for field in Release._meta.concrete_fields
            if field.name not in ("id", "number", "images")
        },
        number=2,
        images=["registry.example.com/other:1"],
    )
    other.save()
    ServiceInstance.objects.filter(pk=instance.pk).update(current_release=other)
    again = reseals.reseal(ChangeRequest.objects.get(pk=retiring.pk), actor=organisation.alice)
    assert again.seal != retiring.seal
    assert again.base_release == other
    assert clock.now() > again.created_at
