"""Of many guesses made at the same instant no more are let through than one after another."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import transaction

from portal.accounts import throttling
from portal.accounts.models import SignInCount
from portal.core import clock
from portal.core.errors import TooManyAttempts
from tests.concurrency.racing import Meeting, race

pytestmark = pytest.mark.django_db(transaction=True)
GUESSES = 8
ATTEMPT = throttling.Attempt.to_sign_in("alice", "192.0.2.1")


@pytest.fixture(autouse=True)
def _the_same_instant(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is."""
    instant = clock.now()
    monkeypatch.setattr(clock, "now", lambda: instant)
    with transaction.atomic():
        throttling._locked(ATTEMPT, instant)


def guess() -> None:
    throttling.admit(ATTEMPT)


def unlocked(attempt: throttling.Attempt, now: datetime) -> list[SignInCount]:
    """Reading the counts without holding them."""
    return [SignInCount.objects.get(pk=bucket) for _, bucket in attempt.buckets]


def test_at_once_no_more_guesses_are_let_through() -> None:
    outcomes = race(*[guess] * GUESSES, losing=TooManyAttempts)
    assert len(outcomes.values) == throttling.FREE[throttling.Counted.ACCOUNT]


@pytest.mark.postgres
def test_control_counts_that_are_only_read_let_all_guesses_through(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting(GUESSES, patience=10)
    monkeypatch.setattr(throttling, "_locked", meeting.after(unlocked))
    outcomes = race(*[guess] * GUESSES, losing=TooManyAttempts)
    assert meeting.complete
    assert len(outcomes.values) == GUESSES
