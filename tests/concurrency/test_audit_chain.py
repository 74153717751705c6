"""Writers at once: each lane stays one chain, nobody waits for anybody, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from portal.accounts.models import Team
from portal.audit import lanes, verifying
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from tests.concurrency.racing import Meeting, race
from tests.factories import TeamFactory
from tests.fixtures.trail import disarmed

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, ROUNDS = 8, 25


def writer(team: Team) -> Callable[[], None]:
    def write() -> None:
        for number in range(ROUNDS):
            with transaction.atomic():
                record("session.opened", team, actor=None, after={"n": number})
                record("session.closed", team, actor=None)
                transaction.set_rollback(number % 5 == 0)

    return write


def test_eight_writers_leave_no_gap_and_no_fork() -> None:
    team = TeamFactory()
    race(*[writer(team)] * WRITERS)
    found = verifying.verify(processes=1)
    assert found.fault is None
    assert found.checked == AuditEvent.objects.count() == WRITERS * (ROUNDS - ROUNDS // 5) * 2


def test_writers_that_lock_rows_the_other_way_round_do_not_deadlock_over_the_trail() -> None:
    """Each holds its lane while it waits for a row, as long as no row is waited for in a circle."""
    first, second = TeamFactory(), TeamFactory()

    def act(before: Team, after: Team) -> Callable[[], None]:
        def run() -> None:
            for _ in range(ROUNDS):
                with transaction.atomic():
                    record("session.opened", before, actor=None)
                    # in one order, whatever was recorded first
                    list(Team.objects.select_for_update().order_by("pk"))
                    record("session.closed", after, actor=None)

        return run

    race(*[act(first, second), act(second, first)] * (WRITERS // 2))
    assert verifying.verify(processes=1).checked == WRITERS * ROUNDS * 2


@pytest.mark.postgres
def test_a_writer_does_not_wait_for_one_that_has_not_committed() -> None:
    """Both are between their record and their commit at the same time."""
    team, meeting = TeamFactory(), Meeting(2, patience=10)

    def write() -> int:
        with transaction.atomic():
            lane = record("session.opened", team, actor=None).lane
            meeting.wait()
        return lane

    lanes_used = race(write, write).values
    assert meeting.complete
    assert len(set(lanes_used)) == 2


@pytest.mark.postgres
def test_control_without_the_lock_two_records_claim_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unique constraint is what is left then: one of them is refused."""
    team, meeting = TeamFactory(), Meeting(2, patience=10)
    monkeypatch.setattr(lanes, "take", meeting.after(lambda: lanes._behind(0)))
    outcomes = race(*[lambda: record("session.opened", team, actor=None)] * 2, losing=IntegrityError)
    assert meeting.complete
    assert len(outcomes.errors) == 1


@pytest.mark.postgres
def test_more_writers_than_homes_find_a_lane_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "HOMES", 1)
    team, meeting = TeamFactory(), Meeting(WRITERS, patience=10)

    def write() -> int:
        with transaction.atomic():
            lane = record("session.opened", team, actor=None).lane
            meeting.wait()
        return lane

    assert sorted(race(*[write] * WRITERS).values) == list(range(WRITERS))


@pytest.mark.postgres
def test_a_lane_lost_with_a_savepoint_is_not_written_to_by_two() -> None:
    """Rolling back to a savepoint gives its locks back, so that somebody else may have the lane by then."""
    team, meeting = TeamFactory(), Meeting(2, patience=10)

    def first() -> int:
        with transaction.atomic():
            with transaction.atomic():
                record("session.opened", team, actor=None)
                transaction.set_rollback(True)
            meeting.wait()
            return record("session.closed", team, actor=None).lane

    def second() -> int:
        meeting.wait()
        return record("session.opened", team, actor=None).lane

    race(first, second)
    assert verifying.verify(processes=1).checked == 2


@pytest.mark.postgres
def test_another_isolation_level_is_refused() -> None:
    team = TeamFactory()
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(lanes.TrailUnavailable, match="not REPEATABLE READ"):
            record("session.opened", team, actor=None)


@pytest.mark.postgres
def test_when_every_lane_is_taken_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    team, meeting = TeamFactory(), Meeting(2, patience=2)
    monkeypatch.setattr(lanes, "HOMES", 1)
    narrow = {"LANES": 1, "_FREE": lanes._FREE.replace(str(lanes.LANES), "1").replace("4095", "0")}
    for name, value in narrow.items():
        monkeypatch.setattr(lanes, name, value)

    def write() -> None:
        with transaction.atomic():
            record("session.opened", team, actor=None)
            meeting.wait()

    outcomes = race(write, write, losing=lanes.TrailUnavailable)
    assert "All 1 lanes" in str(outcomes.errors[0])


def test_long_trails_are_walked_by_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    team = TeamFactory()
    events = [record("session.opened", team, actor=None) for _ in range(40)]
    whole = verifying.segments_of
    monkeypatch.setattr(verifying, "segments_of", lambda ends, anchors: whole(ends, anchors, 7))
    assert verifying.verify(processes=2) == replace(verifying.verify(processes=1), checked=40)
    with disarmed(connection):
        AuditEvent.objects.filter(pk=events[13].pk).delete()
    for processes in (1, 2):
        fault = verifying.verify(processes=processes).fault
        assert fault is not None
        assert (fault.kind, fault.sequence) == ("missing", 14)
