"""Remarks beside a change, and the wish that it be another one."""

from __future__ import annotations

import pytest

from portal.audit.models import AuditEvent
from portal.core.errors import (
    ChangeWanted,
    NotPermitted,
    ReleaseChanged,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle.models import ChangeComment, ChangeRequest
from portal.lifecycle.services import approvals, changes, comments
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.lifecycle.gate import told, wait

WISH = "Two replicas, please."


@pytest.fixture
def waiting(organisation: Organisation) -> ChangeRequest:
    return wait(organisation)


@pytest.mark.parametrize("name", ["alice", "bob", "olga", "pete", "audrey"])
def test_whoever_may_see_a_change_may_speak(
    organisation: Organisation, waiting: ChangeRequest, name: str
) -> None:
    comment = comments.say(waiting, actor=getattr(organisation, name), text="  Looks good.  ")
    assert (comment.text, comment.asks_change) == ("Looks good.", False)
    event = AuditEvent.objects.get(action="change.commented")
    assert (event.actor_name, event.comment) == (name, "Looks good.")
    assert told("change.commented") == ({"alice"} if name != "alice" else set())


def test_other_teams_do_not_see_it_and_may_not(organisation: Organisation, waiting: ChangeRequest) -> None:
    with pytest.raises(NotPermitted):
        comments.say(waiting, actor=organisation.pia, text="What is this?")


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001])
def test_words_have_to_be_there_and_bounded(
    organisation: Organisation, waiting: ChangeRequest, text: str
) -> None:
    with pytest.raises(ValidationFailed):
        comments.say(waiting, actor=organisation.alice, text=text)
    with pytest.raises(ValidationFailed):
        comments.ask_for_change(waiting, actor=organisation.olga, digest=waiting.seal, text=text)


def test_a_wish_keeps_others_from_approving_until_it_is_taken_back(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    wish = comments.ask_for_change(waiting, actor=organisation.olga, digest=waiting.seal, text=WISH)
    assert told("change.changes_wanted") == {"alice"}
    with pytest.raises(ChangeWanted, match="olga asked for a change"):
        approvals.approve(waiting, actor=organisation.oscar, digest=waiting.seal)
    with pytest.raises(NotPermitted, match="Only olga"):
        comments.settle(wish, actor=organisation.alice)
    comments.settle(wish, actor=organisation.olga)
    with pytest.raises(StateConflict, match="nothing to take back"):
        comments.settle(wish, actor=organisation.olga)
    approvals.approve(waiting, actor=organisation.oscar, digest=waiting.seal)
    assert waiting.state == ChangeState.QUEUED
    settled = AuditEvent.objects.get(action="change.wish_settled")
    assert (settled.actor_name, settled.after) == ("olga", {"comment": wish.pk})


def test_a_remark_keeps_nobody_from_approving(organisation: Organisation, waiting: ChangeRequest) -> None:
    remark = comments.say(waiting, actor=organisation.olga, text="Hm.")
    with pytest.raises(StateConflict):
        comments.settle(remark, actor=organisation.olga)
    approvals.approve(waiting, actor=organisation.oscar, digest=waiting.seal)


@pytest.mark.parametrize("name", ["alice", "mona", "pete", "audrey"])
def test_only_who_may_decide_asks_for_a_change_and_the_attempt_is_audited(
    organisation: Organisation, waiting: ChangeRequest, name: str
) -> None:
    with pytest.raises(NotPermitted):
        comments.ask_for_change(waiting, actor=getattr(organisation, name), digest=waiting.seal, text=WISH)
    assert AuditEvent.objects.get(action="decision.refused").actor_name == name
    assert not ChangeComment.objects.exists()


def test_a_wish_is_of_what_was_seen_and_still_waits(
    organisation: Organisation, waiting: ChangeRequest
) -> None:
    with pytest.raises(ReleaseChanged):
        comments.ask_for_change(waiting, actor=organisation.olga, digest="sha256:" + "0" * 64, text=WISH)
    seen = ChangeRequest.objects.get(pk=waiting.pk)
    changes.cancel(waiting, actor=organisation.alice)
    with pytest.raises(StateConflict, match="no longer waits"):
        comments.ask_for_change(seen, actor=organisation.olga, digest=seen.seal, text=WISH)
