"""However many beats look at the same time, people are told once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import reminders
from tests.concurrency.racing import Meeting, race
from tests.factories import ClusterFactory
from tests.fixtures.organisation import Organisation, load
from tests.lifecycle.gate import wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None) -> Organisation:
    return load(ClusterFactory())


@pytest.fixture
def overdue(shop: Organisation, monkeypatch: pytest.MonkeyPatch) -> ChangeRequest:
    """It has waited long enough to be reminded of, and not to be escalated."""
    change = wait(shop)
    moment = change.created_at + timedelta(hours=30)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return change


def reminded(change: ChangeRequest) -> int:
    return AuditEvent.objects.filter(action="change.reminded", object_id=str(change.pk)).count()


def test_of_four_beats_one_reminds(overdue: ChangeRequest) -> None:
    told = race(*[reminders.remind] * 4).values
    assert sum(told) == reminded(overdue) == 1


@pytest.mark.postgres
def test_control_a_beat_that_looks_and_then_writes_reminds_twice(
    overdue: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(2, patience=10)

    @meeting.after
    def is_untold(change_id: int) -> bool:
        return ChangeRequest.objects.filter(pk=change_id, reminded_at=None).exists()

    def claim(change_id: int, action: str, now: datetime) -> bool:
        if not is_untold(change_id):
            return False
        ChangeRequest.objects.filter(pk=change_id).update(reminded_at=now)
        return True

    monkeypatch.setattr(reminders, "claim", claim)
    race(*[reminders.remind] * 2)
    assert meeting.complete
    assert reminded(overdue) == 2
