"""Of workers that find the same notice due one sends it; what is said at the same instant is told once."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.audit import delivering
from portal.audit.models import Delivery, Notification
from portal.audit.notifying import notify
from portal.core import clock
from tests.concurrency.racing import Meeting, race
from tests.factories import UserFactory
from tests.fixtures.outside import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 8


def tell(*users: User, key: str = "change 1 waits") -> list[Notification]:
    text = "Storefront waits for you."
    return notify(users, topic="change.waiting", text=text, url="/changes/1/", key=key, urgent=True)


def claim_without_comparing(seen: Delivery) -> bool:
    """What a claim would be that only writes."""
    seen.attempts, seen.next_attempt_at = seen.attempts + 1, clock.now() + delivering.ATTEMPT
    seen.save()
    return True


def test_of_eight_workers_one_sends(receiver: Receiver) -> None:
    tell()
    sent = race(*[delivering.deliver_due] * WORKERS).values
    assert len(receiver.posts) == sum(sent) == 1
    assert Delivery.objects.get().state == Delivery.State.SENT


def test_two_workers_that_both_saw_it_due_send_it_once(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell()
    meeting = Meeting(2, patience=10)
    monkeypatch.setattr(delivering, "look", meeting.after(delivering.look))
    race(*[delivering.deliver_due] * 2)
    assert meeting.complete
    assert len(receiver.posts) == 1


def test_control_without_the_comparison_both_send_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell()
    meeting = Meeting(2, patience=10)
    monkeypatch.setattr(delivering, "look", meeting.after(delivering.look))
    monkeypatch.setattr(delivering, "claim", claim_without_comparing)
    race(*[delivering.deliver_due] * 2)
    assert meeting.complete
    assert len(receiver.posts) == 2


def test_what_is_said_twice_at_the_same_instant_is_told_once(receiver: Receiver) -> None:
    people = [UserFactory() for _ in range(3)]
    fresh = race(*[lambda: tell(*people)] * 4).values
    assert sorted(len(rows) for rows in fresh) == [0, 0, 0, 3]
    assert Notification.objects.count() == 3
    assert Delivery.objects.filter(channel="webhook").count() == 1
