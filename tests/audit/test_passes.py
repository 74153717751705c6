"""The background proves the trail in steps, says how it stands, and tells people when it is broken."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from portal.audit import checkpoints, passes, trail_tasks
from portal.audit.models import AuditEvent, Notification, VerificationPass
from portal.core import clock
from tests.audit.trails import write
from tests.factories import platform
from tests.fixtures.trail import disarmed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


def spoil(event: AuditEvent) -> None:
    with disarmed(connection):
        AuditEvent.objects.filter(pk=event.pk).update(comment="another")


def test_a_pass_proves_all_that_was_there() -> None:
    write(12)
    row = passes.step()
    assert row is not None
    assert (row.checked, row.total, row.fault) == (12, 12, None)
    assert passes.standing().finished == row


def test_a_pass_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "STEP", 5)
    write(12)
    found = [passes.step(seconds=0) for _ in range(3)]
    assert [row.checked for row in found if row] == [5, 10, 12]
    row = VerificationPass.objects.get()
    assert row.finished_at
    assert row.fault is None


def test_the_next_pass_waits_and_then_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    write(2)
    first = passes.step()
    assert passes.step() is None
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    second = passes.step()
    assert first is not None
    assert second is not None
    assert second.pk != first.pk


def test_a_broken_trail_is_told_once_to_whoever_reads_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    audrey, alice = platform("audrey", "auditor"), platform("olga", "operator")
    spoil(write(5)[2])
    trail_tasks.verify()
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    trail_tasks.verify()
    assert VerificationPass.objects.count() == 2
    told = Notification.objects.all()
    assert {each.user for each in told} == {audrey, alice}
    assert all("record 3: Its content was altered." in each.text and each.urgent for each in told)
    event = AuditEvent.objects.get(action="audit.broken")
    assert event.after is not None
    assert event.after["sequence"] == 3


def test_a_row_that_somebody_wrote_by_hand_counts_for_nothing() -> None:
    spoil(write(5)[2])
    now = clock.now()
    forged = VerificationPass.objects.create(
        started_at=now + timedelta(days=1),
        moved_at=now,
        finished_at=now + timedelta(days=1),
        checked=5,
        goal={"0": 5},
        reached={"0": [5, "sha256:x"]},
        signature="AAAA",
    )
    assert passes.standing().finished is None
    row = passes.step()
    assert row is not None
    assert row.found is not None
    assert not VerificationPass.objects.filter(pk=forged.pk).exists()


def test_a_request_walks_all_of_a_short_trail() -> None:
    victim = write(5)[2]
    assert passes.look().outcome.complete
    passes.step()
    spoil(victim)
    fault = passes.look().outcome.fault
    assert fault is not None
    assert fault.sequence == 3


def test_a_request_walks_what_is_new_of_a_long_trail() -> None:
    write(8)
    passes.step()
    newest = write(4)
    look = passes.look(at_once=6)
    assert (look.outcome.intact, look.outcome.complete, look.outcome.checked, look.unchecked) == (
        True,
        False,
        4,
        0,
    )
    spoil(newest[1])
    fault = passes.look(at_once=6).outcome.fault
    assert fault is not None
    assert fault.sequence == 10


def test_a_request_walks_no_more_than_its_bound() -> None:
    write(8)
    look = passes.look(at_once=3)
    assert (look.outcome.checked, look.unchecked) == (3, 5)


def test_a_request_says_what_the_last_pass_has_found() -> None:
    spoil(write(8)[0])
    passes.step()
    fault = passes.look(at_once=3).outcome.fault
    assert fault is not None
    assert fault.sequence == 1


def test_a_loss_shows_against_the_last_checkpoint_at_once() -> None:
    victims = write(8)[6:]
    trail_tasks.checkpoint()
    with disarmed(connection):
        AuditEvent.objects.filter(pk__in=[each.pk for each in victims]).delete()
    fault = passes.look().outcome.fault
    assert fault is not None
    assert (fault.kind, fault.sequence) == ("cut off", 8)
    platform("audrey", "auditor")
    write(1)
    trail_tasks.checkpoint()
    assert Notification.objects.count() == 1
    last = checkpoints.latest()
    assert last is not None
    assert last["number"] == 1
