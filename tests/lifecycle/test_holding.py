"""Approved changes wait for the opening of their environment by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments import window_services as windows
from portal.environments.models import Window
from portal.lifecycle.models import ChangeRequest, Rollout
from portal.lifecycle.operations import claims, holding, reconcile
from portal.lifecycle.selectors import changes as selectors
from portal.lifecycle.services import approvals, break_glass, changes
from portal.lifecycle.states import ChangeState, Phase
from tests.fixtures.organisation import Organisation
from tests.lifecycle.gate import at, wait

pytestmark = pytest.mark.django_db

NIGHT = timedelta(hours=10)


@pytest.fixture
def approved(organisation: Organisation) -> ChangeRequest:
    change = wait(organisation)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    return change


def freeze(organisation: Organisation, start: datetime, end: datetime) -> Window:
    return windows.create(
        organisation.environment("production"),
        actor=organisation.pete,
        kind="freeze",
        reason="Year-end closing",
        time_zone="Europe/Berlin",
        starts_at=start,
        ends_at=end,
    )


def test_a_window_that_closes_between_approval_and_start_holds_the_change(
    organisation: Organisation, approved: ChangeRequest
) -> None:
    now = clock.now()
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    assert reconcile.advance(approved.pk, owner="test") is None
    approved.refresh_from_db()
    assert (approved.state, approved.phase) == (ChangeState.QUEUED, "")
    assert not Rollout.objects.exists()
    line = selectors.waiting_on(approved)
    assert line is not None
    assert line.text.startswith("the opening of Production at ")
    assert "Year-end closing" in line.text
    assert selectors.brief(approved) == line.text


def test_the_reason_is_audited_once_and_not_at_every_look(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    for minutes in (0, 6, 12):
        at(monkeypatch, now + timedelta(minutes=minutes))
        assert claims.take(approved.pk, owner="test") is None
    held = AuditEvent.objects.filter(action="change.held", object_id=str(approved.pk))
    assert held.count() == 1


def test_it_starts_by_itself_when_the_environment_opens(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    end = now + NIGHT
    freeze(organisation, now - timedelta(minutes=1), end)
    assert claims.take(approved.pk, owner="test") is None
    at(monkeypatch, end - timedelta(seconds=1))
    assert claims.take(approved.pk, owner="test") is None
    at(monkeypatch, end)
    assert approved.pk in selectors.due_ids()
    claim = claims.take(approved.pk, owner="test")
    assert claim is not None
    approved.refresh_from_db()
    assert (approved.state, approved.held) == (ChangeState.RUNNING, "")


def test_a_freeze_that_is_taken_back_is_noticed_within_minutes(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    window = freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    assert claims.take(approved.pk, owner="test") is None
    windows.remove(window, actor=organisation.pete)
    at(monkeypatch, now + holding.LOOK_AGAIN + timedelta(seconds=2))
    assert claims.take(approved.pk, owner="test") is not None


def test_what_is_under_way_goes_on_when_the_window_closes(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To stop in the middle would be worse than to finish."""
    now = clock.now()
    claim = claims.take(approved.pk, owner="test")
    assert claim is not None
    claim.yield_until(now, phase=Phase.OBSERVING)
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    assert claims.take(approved.pk, owner="another") is not None


def test_a_worker_lost_before_it_had_tried_anything_leaves_a_change_that_is_held(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    assert claims.take(approved.pk, owner="lost") is not None
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    at(monkeypatch, now + claims.LEASE + timedelta(seconds=1))
    assert claims.take(approved.pk, owner="another") is None
    approved.refresh_from_db()
    assert approved.held.startswith("the opening of Production")


def test_a_held_change_can_be_cancelled_and_superseded(
    organisation: Organisation, approved: ChangeRequest
) -> None:
    now = clock.now()
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    assert claims.take(approved.pk, owner="test") is None
    newer = wait(organisation)
    approved.refresh_from_db()
    assert (approved.state, approved.superseded_by) == (ChangeState.SUPERSEDED, newer)
    changes.cancel(newer, actor=organisation.alice)
    assert newer.state == ChangeState.CANCELLED


def test_an_emergency_passes_a_closed_window(organisation: Organisation, approved: ChangeRequest) -> None:
    now = clock.now()
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    assert claims.take(approved.pk, owner="test") is None
    approved.refresh_from_db()
    reason = "Payments are down until this is out."
    break_glass.pass_gate(approved, actor=organisation.oscar, digest=approved.seal, reason=reason)
    assert claims.take(approved.pk, owner="test") is not None


def test_a_clock_that_was_set_back_starts_nothing_in_a_freeze(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    freeze(organisation, now - timedelta(minutes=1), now + NIGHT)
    at(monkeypatch, now + NIGHT - timedelta(hours=1))
    assert claims.take(approved.pk, owner="test") is None
    at(monkeypatch, now)
    assert claims.take(approved.pk, owner="test") is None


def test_without_an_opening_in_sight_it_says_so(
    organisation: Organisation, approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    windows.create(
        organisation.environment("production"),
        actor=organisation.pete,
        kind="opening",
        reason="The launch",
        time_zone="Europe/Berlin",
        starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=2),
    )
    at(monkeypatch, now + timedelta(hours=3))
    assert claims.take(approved.pk, owner="test") is None
    approved.refresh_from_db()
    assert "none of which is in sight" in approved.held
