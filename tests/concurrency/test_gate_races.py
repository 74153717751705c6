"""Two people, or a person and a worker, at the same waiting change in the same instant: one of them wins.

Each race has its control: the same two with a move that looks and then writes, instead of the one statement
that does both. There both win, which is what the guard is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import StateConflict
from portal.core.transitions import Machine
from portal.environments.models import Environment
from portal.lifecycle.models import Approval, BreakGlass, ChangeRequest
from portal.lifecycle.operations import claims, expiry
from portal.lifecycle.selectors import consents
from portal.lifecycle.services import approvals, break_glass, changes, queue, reseals
from portal.lifecycle.states import ChangeState
from tests.concurrency.racing import Meeting, race
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "The shop is down and this brings it back."
ENDINGS = {
    "change.queued",
    "change.rejected",
    "change.cancelled",
    "change.expired",
    "change.superseded",
}


def waiting(organisation: Organisation) -> ChangeRequest:
    return ask(organisation.alice, application="storefront", environment="production", offering="namespace")


def fresh(change: ChangeRequest) -> ChangeRequest:
    """As another request would read it."""
    return ChangeRequest.objects.select_related("environment", "release").get(pk=change.pk)


class Act:
    """What somebody does to a waiting change, by name, in a thread of its own."""

    def __init__(self, organisation: Organisation, change: ChangeRequest) -> None:
        self.organisation, self.change = organisation, change

    def approve(self) -> Any:
        return approvals.approve(fresh(self.change), actor=self.organisation.olga, digest=self.change.seal)

    def approve_too(self) -> Any:
        return approvals.approve(fresh(self.change), actor=self.organisation.oscar, digest=self.change.seal)

    def reject(self) -> Any:
        return approvals.reject(
            fresh(self.change), actor=self.organisation.oscar, digest=self.change.seal, comment="not today"
        )

    def reject_among_many(self) -> Any:
        rows = [(self.change.pk, self.change.seal)]
        if not queue.reject_many(rows, actor=self.organisation.oscar, comment="not today").done:
            raise StateConflict

    def cancel(self) -> Any:
        return changes.cancel(fresh(self.change), actor=self.organisation.alice)

    def supersede(self) -> Any:
        about = {"application": "storefront", "environment": "production", "offering": "namespace"}
        return ask(self.organisation.bob, **about)

    def expire(self) -> Any:
        if not expiry.expire_due():
            raise StateConflict

    def break_glass(self) -> Any:
        return break_glass.pass_gate(
            fresh(self.change), actor=self.organisation.oscar, digest=self.change.seal, reason=REASON
        )

    def reseal(self) -> Any:
        return reseals.reseal(fresh(self.change), actor=self.organisation.bob)


@contextmanager
def meeting_before_moves(meeting: Meeting) -> Iterator[None]:
    """Contestants have looked, and have not written yet."""
    with mock.patch.object(Machine, "move", _before(meeting, Machine.move)):
        yield


@contextmanager
def look_then_write(meeting: Meeting) -> Iterator[None]:
    """The move without its guard: the state is read, and then written whatever it has become. A decision does
    not touch the row first either."""

    def move(
        self: Machine[Any], rows: Any, *, pk: Any, old: Any, new: Any, where: Any = None, **values: Any
    ) -> None:
        if rows.values_list("state", flat=True).get(pk=pk) != old:
            raise StateConflict
        meeting.wait()
        rows.filter(pk=pk).update(state=new, **values)

    update = QuerySet.update

    def touchless(rows: Any, **values: Any) -> int:
        if values == {"state": ChangeState.AWAITING_APPROVAL}:
            return int(rows.exists())
        return update(rows, **values)

    with (
        mock.patch.object(Machine, "move", move),
        mock.patch.object(QuerySet, "update", touchless),
        mock.patch.object(changes, "_still_alive", lambda instance: instance),
        no_index("one_active_change_per_instance"),
    ):
        yield


@contextmanager
def no_index(name: str) -> Iterator[None]:
    """Without the constraint that stands behind the moves. The test's rows are gone before it is back."""
    constraint = next(each for each in ChangeRequest._meta.constraints if each.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(ChangeRequest, constraint)
    try:
        yield
    finally:
        call_command("flush", interactive=False, verbosity=0)
        with connection.schema_editor() as editor:
            editor.add_constraint(ChangeRequest, constraint)


def _before(meeting: Meeting, function: Callable[..., Any]) -> Callable[..., Any]:
    def met(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return function(*args, **kwargs)

    return met


def endings(change: ChangeRequest) -> list[str]:
    rows = AuditEvent.objects.filter(object_type="ChangeRequest", object_id=str(change.pk))
    return [action for action in rows.values_list("action", flat=True) if action in ENDINGS]


PAIRS = [
    ("approve", "reject"),
    ("approve", "cancel"),
    ("approve", "supersede"),
    ("approve", "reject_among_many"),
    ("reject", "cancel"),
    ("reject", "supersede"),
    ("break_glass", "cancel"),
    ("break_glass", "approve"),
    ("cancel", "supersede"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_at_once_one_wins(organisation: Organisation, first: str, second: str) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    with meeting_before_moves(Meeting(2, patience=0.5)):
        outcomes = race(getattr(act, first), getattr(act, second), losing=StateConflict)
    assert len(outcomes.values) == 1
    assert len(endings(change)) == 1


@pytest.mark.postgres
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_control_looking_first_and_writing_then_lets_both_win(
    organisation: Organisation, first: str, second: str
) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=10)
    with look_then_write(meeting):
        outcomes = race(getattr(act, first), getattr(act, second), losing=StateConflict)
        found = endings(change)
    assert meeting.complete
    assert len(outcomes.values) == 2
    assert len(found) == 2


def test_two_approvers_at_once_are_two_consents_and_one_queueing(organisation: Organisation) -> None:
    Environment.objects.filter(slug="production").update(approvals_required=2)
    change = waiting(organisation)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=0.5)
    with mock.patch.object(approvals, "_check_ready", meeting.after(approvals._check_ready)):
        race(act.approve, act.approve_too)
    change.refresh_from_db()
    assert change.state == ChangeState.QUEUED
    assert Approval.objects.filter(change=change).count() == 2
    assert endings(change) == ["change.queued"]


@pytest.mark.postgres
def test_control_two_approvers_who_do_not_wait_for_each_other_both_miss_the_quorum(
    organisation: Organisation,
) -> None:
    """Without the row being touched first, neither sees the other's consent, and nobody queues the change."""
    Environment.objects.filter(slug="production").update(approvals_required=2)
    change = waiting(organisation)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=10)
    with (
        look_then_write(meeting),
        mock.patch.object(consents, "lacking", meeting.after(consents.lacking)),
    ):
        race(act.approve, act.approve_too)
        state = ChangeRequest.objects.values_list("state", flat=True).get(pk=change.pk)
        count = Approval.objects.filter(change=change).count()
    assert (count, state) == (2, ChangeState.AWAITING_APPROVAL)


def test_where_one_is_enough_the_second_of_two_approvers_is_late(organisation: Organisation) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    outcomes = race(act.approve, act.approve_too, losing=StateConflict)
    assert len(outcomes.values) == 1
    assert Approval.objects.filter(change=change).count() == 1


def test_approval_and_expiry_at_once(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the very moment of the end it is over, whoever comes first."""
    change = waiting(organisation)
    act = Act(organisation, change)
    monkeypatch.setattr(clock, "now", lambda: change.expires_at)
    outcomes = race(act.approve, act.expire, losing=StateConflict)
    change.refresh_from_db()
    assert len(outcomes.values) == 1
    assert change.state == ChangeState.EXPIRED


def test_approval_after_the_end_is_too_late_also_before_the_sweep(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = waiting(organisation)
    after = change.expires_at + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: after)
    with pytest.raises(StateConflict):
        Act(organisation, change).approve()
    assert not Approval.objects.exists()


def test_sealing_anew_and_approving_at_once_never_approves_what_was_not_seen(
    organisation: Organisation,
) -> None:
    change = waiting(organisation)
    seen = change.seal
    act = Act(organisation, change)
    meeting = Meeting(2, patience=0.5)
    with mock.patch.object(approvals, "_check_ready", meeting.after(approvals._check_ready)):
        outcomes = race(act.approve, act.reseal, losing=StateConflict)
    change = fresh(change)
    assert outcomes.values
    if change.state == ChangeState.QUEUED:
        assert change.seal == seen
    else:
        assert change.seal != seen
        assert not change.approvals.valid().exists()


def test_a_wake_up_delivered_twice_at_once_is_taken_by_one_worker(organisation: Organisation) -> None:
    change = waiting(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    taken = race(*[lambda: claims.take(change.pk, owner="worker")] * 4)
    assert len([claim for claim in taken.values if claim is not None]) == 1
    started = AuditEvent.objects.filter(action="change.started", object_id=str(change.pk))
    assert started.count() == 1


def test_cancelling_and_a_worker_at_once(organisation: Organisation) -> None:
    """Either it is withdrawn and nobody works on it, or a worker has it and it is too late."""
    change = waiting(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    act = Act(organisation, change)
    outcomes = race(act.cancel, lambda: claims.take(change.pk, owner="worker"), losing=StateConflict)
    change.refresh_from_db()
    claimed = any(isinstance(value, claims.Claim) for value in outcomes.values)
    assert change.state == (ChangeState.RUNNING if claimed else ChangeState.CANCELLED)
    assert len(outcomes.errors) == (1 if claimed else 0)


def test_two_who_break_the_glass_at_once_are_one_passing(organisation: Organisation) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    race(act.break_glass, act.break_glass, losing=StateConflict)
    change.refresh_from_db()
    assert change.state == ChangeState.QUEUED
    assert endings(change) == ["change.queued"]
    assert BreakGlass.objects.count() == 1


def test_two_newer_requests_at_once_leave_one_that_waits(organisation: Organisation) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    outcomes = race(act.supersede, act.supersede, losing=StateConflict)
    active = ChangeRequest.objects.active().filter(instance=change.instance)
    assert active.count() == 1
    assert outcomes.values
    change.refresh_from_db()
    assert change.state == ChangeState.SUPERSEDED
