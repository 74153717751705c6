"""Two people, or a person and a worker, at the same waiting change in the same instant: one of them wins.

Each race has its control: the same two with a move that looks and then writes, instead of the one statement
that does both. There both win, which is what the guard is for.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db.models import QuerySet

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import StateConflict
from portal.core.transitions import Machine
from portal.environments.models import Environment
from portal.lifecycle.models import Approval, BreakGlass, ChangeRequest
from portal.lifecycle.operations import claims
from portal.lifecycle.selectors import consents
from portal.lifecycle.services import approvals, reseals
from portal.lifecycle.states import ChangeState
from services_catalog import archives
from services_catalog.models import ChartArchive, OfferingVersion
from tests.concurrency.gate_acts import (
    Act,
    endings,
    fresh,
    look_then_write,
    meeting_before,
    meeting_before_moves,
    no_unique,
    waiting,
)
from tests.concurrency.racing import Meeting, race
from tests.fixtures.organisation import Organisation

pytestmark = pytest.mark.django_db(transaction=True)


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


def at_the_end(change: ChangeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first contestant's clock shows the last moment, the second one's the end."""

    def now() -> datetime:
        early = threading.current_thread().name == "contestant-0"
        return change.expires_at - timedelta(milliseconds=1) if early else change.expires_at

    monkeypatch.setattr(clock, "now", now)


def test_of_approval_and_expiry_at_once_one_wins(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    at_the_end(change, monkeypatch)
    with meeting_before_moves(Meeting(2, patience=0.5)):
        outcomes = race(act.approve, act.expire, losing=StateConflict)
    assert len(outcomes.values) == 1
    assert len(endings(change)) == 1


@pytest.mark.postgres
def test_control_approval_and_expiry_both_win(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    at_the_end(change, monkeypatch)
    with look_then_write(Meeting(2, patience=10)):
        outcomes = race(act.approve, act.expire, losing=StateConflict)
        found = endings(change)
    assert len(outcomes.values) == 2
    assert sorted(found) == ["change.expired", "change.queued"]


def test_approval_after_the_end_is_too_late_also_before_the_sweep(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = waiting(organisation)
    after = change.expires_at + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: after)
    with pytest.raises(StateConflict):
        Act(organisation, change).approve()
    assert not Approval.objects.exists()


def another_chart(change: ChangeRequest) -> None:
    """The version has come to hold another chart, so sealing anew gives another seal."""
    version = change.release.offering_version
    folder = settings.SLIPWAY_LIBRARY_DIR.parent / "charts" / version.offering.slug / version.version
    files = {**archives.read_folder(folder), "HISTORY.md": b"something else"}
    archive, _ = ChartArchive.objects.store(archives.pack_files(files, label="other"))
    OfferingVersion.objects.filter(pk=version.pk).update(chart=archive)


def test_sealing_anew_and_approving_at_once_never_approves_what_was_not_seen(
    organisation: Organisation,
) -> None:
    change = waiting(organisation)
    seen = change.seal
    another_chart(change)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=0.5)
    with (
        mock.patch.object(Machine, "move", meeting_before(meeting, Machine.move)),
        mock.patch.object(reseals, "_write", meeting_before(meeting, reseals._write)),
    ):
        outcomes = race(act.approve, act.reseal, losing=StateConflict)
    change = fresh(change)
    assert len(outcomes.values) == 1
    assert (change.state == ChangeState.QUEUED) == (change.seal == seen)


@pytest.mark.postgres
def test_control_without_the_row_held_a_release_that_nobody_saw_is_queued(
    organisation: Organisation,
) -> None:
    change = waiting(organisation)
    seen = change.seal
    another_chart(change)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=10)
    with (
        look_then_write(meeting),
        mock.patch.object(reseals, "_write", meeting_before(meeting, reseals._write)),
    ):
        outcomes = race(act.approve, act.reseal, losing=StateConflict)
        after = fresh(change)
    assert meeting.complete
    assert len(outcomes.values) == 2
    assert after.state == ChangeState.QUEUED
    assert after.seal != seen


def test_a_wake_up_delivered_twice_at_once_is_taken_by_one_worker(organisation: Organisation) -> None:
    change = waiting(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    taken = race(*[lambda: claims.take(change.pk, owner="worker")] * 4)
    assert len([claim for claim in taken.values if claim is not None]) == 1
    started = AuditEvent.objects.filter(action="change.started", object_id=str(change.pk))
    assert started.count() == 1


@pytest.mark.postgres
def test_control_a_lease_that_is_looked_for_and_then_taken_is_taken_twice(organisation: Organisation) -> None:
    change = waiting(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    meeting = Meeting(2, patience=10)
    update = QuerySet.update

    def take_anyway(rows: Any, **values: Any) -> int:
        if "lease_owner" not in values or "fencing_token" not in values:
            return update(rows, **values)
        due = list(rows.values_list("pk", flat=True))
        meeting.wait()
        return update(ChangeRequest.objects.filter(pk__in=due), **values)

    def move(self: Any, rows: Any, *, pk: Any, old: Any, new: Any, where: Any = None, **values: Any) -> None:
        update(rows.filter(pk=pk), state=new, **values)

    with mock.patch.object(QuerySet, "update", take_anyway), mock.patch.object(Machine, "move", move):
        taken = race(*[lambda: claims.take(change.pk, owner="worker")] * 2)
    assert len([claim for claim in taken.values if claim is not None]) == 2


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


@pytest.mark.postgres
def test_control_cancelling_and_a_worker_both_win(organisation: Organisation) -> None:
    change = waiting(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=10)
    with look_then_write(meeting):
        outcomes = race(act.cancel, lambda: claims.take(change.pk, owner="worker"), losing=StateConflict)
    assert meeting.complete
    assert len(outcomes.values) == 2
    assert any(isinstance(value, claims.Claim) for value in outcomes.values)


def test_two_who_break_the_glass_at_once_are_one_passing(organisation: Organisation) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    with meeting_before_moves(Meeting(2, patience=0.5)):
        outcomes = race(act.break_glass, act.break_glass, losing=StateConflict)
    change.refresh_from_db()
    assert len(outcomes.values) == 1
    assert change.state == ChangeState.QUEUED
    assert endings(change) == ["change.queued"]
    assert BreakGlass.objects.count() == 1


@pytest.mark.postgres
def test_control_two_who_break_the_glass_pass_it_twice(organisation: Organisation) -> None:
    """Without the move's guard and the constraint behind it."""
    change = waiting(organisation)
    act = Act(organisation, change)
    with no_unique("lifecycle_breakglass", "change_id"), look_then_write(Meeting(2, patience=10)):
        race(act.break_glass, act.break_glass)
        assert BreakGlass.objects.count() == 2
        assert endings(change) == ["change.queued"] * 2


def test_two_newer_requests_at_once_leave_one_that_waits(organisation: Organisation) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    with meeting_before_moves(Meeting(2, patience=0.5)):
        outcomes = race(act.supersede, act.supersede, losing=StateConflict)
    active = ChangeRequest.objects.active().filter(instance=change.instance)
    assert active.count() == 1
    assert outcomes.values  # the later one may take the place of the earlier one
    change.refresh_from_db()
    assert change.state == ChangeState.SUPERSEDED


@pytest.mark.postgres
def test_control_two_newer_requests_both_wait(organisation: Organisation) -> None:
    change = waiting(organisation)
    act = Act(organisation, change)
    meeting = Meeting(2, patience=10)
    with look_then_write(meeting), no_unique("lifecycle_release", "instance_id, number"):
        race(act.supersede, act.supersede)
        assert ChangeRequest.objects.active().filter(instance=change.instance).count() == 2
