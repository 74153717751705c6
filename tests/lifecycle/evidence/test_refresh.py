"""Asking for evidence anew: who may, how often, and that it is written down."""

from datetime import timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.evidence import gathering
from portal.lifecycle.services import changes
from portal.lifecycle.services import evidence as service
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(organisation):
    change = ask(organisation.alice, application="storefront", environment="production", offering="namespace")
    asked = clock.now() - timedelta(minutes=1)
    ChangeRequest.objects.filter(pk=change.pk).update(evidence_asked_at=asked, evidence_gathered_at=asked)
    change.refresh_from_db()
    return change


def asked() -> list[str]:
    events = AuditEvent.objects.filter(action="evidence.asked").order_by("at")
    return list(events.values_list("actor_name", flat=True))


@pytest.mark.parametrize("person", ["alice", "bob", "olga"])
def test_its_team_and_operators_may_ask(organisation, waiting, person):
    assert gathering.due_ids() == []
    service.refresh(waiting, actor=getattr(organisation, person))
    assert asked() == [person]
    assert gathering.due_ids() == [waiting.pk]


@pytest.mark.parametrize("person", ["pia", "pete", "audrey"])
def test_others_may_not(organisation, waiting, person):
    with pytest.raises(NotPermitted):
        service.refresh(waiting, actor=getattr(organisation, person))
    assert asked() == gathering.due_ids() == []


def test_asking_again_before_it_is_done_gathers_once(organisation, waiting):
    service.refresh(waiting, actor=organisation.olga)
    service.refresh(waiting, actor=organisation.alice)
    assert asked() == ["olga"]
    assert gathering.gather(waiting.pk)
    assert gathering.due_ids() == []


def test_asking_again_once_it_is_done_gathers_again(organisation, waiting):
    service.refresh(waiting, actor=organisation.olga)
    assert gathering.gather(waiting.pk)
    service.refresh(waiting, actor=organisation.alice)
    assert asked() == ["olga", "alice"]
    assert gathering.due_ids() == [waiting.pk]


def test_a_gathering_that_is_not_done_after_five_seconds_can_be_asked_for_again(
    organisation, waiting, monkeypatch
):
    service.refresh(waiting, actor=organisation.olga)
    now = clock.now() + timedelta(seconds=6)
    monkeypatch.setattr(clock, "now", lambda: now)
    service.refresh(waiting, actor=organisation.alice)
    assert asked() == ["olga", "alice"]


def test_a_worker_is_woken_once_it_is_committed(
    organisation, waiting, monkeypatch, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        service.refresh(waiting, actor=organisation.olga)
    assert len(callbacks) == 1


def test_what_waits_for_no_decision_has_nothing_to_refresh(organisation, waiting):
    changes.cancel(waiting, actor=organisation.alice)
    with pytest.raises(StateConflict, match="no longer waits"):
        service.refresh(waiting, actor=organisation.olga)
    assert asked() == []
