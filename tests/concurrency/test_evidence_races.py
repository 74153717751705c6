"""Of workers that find the same evidence due one gathers it; of people who ask at once one is noted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.operations.evidence import gathering
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.services import evidence
from tests.concurrency.racing import Meeting, race
from tests.factories import ClusterFactory
from tests.fixtures.organisation import Organisation, load
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None) -> Organisation:
    return load(ClusterFactory())


@pytest.fixture
def waiting(shop: Organisation) -> ChangeRequest:
    return ask(shop.alice, application="storefront", environment="production", offering="namespace")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """Each time that a worker looks."""
    seen: list[Subject] = []

    def look(subject: Subject) -> Found:
        seen.append(subject)
        return Found(Evidence.Status.GOOD, "looked at", "a test")

    monkeypatch.setattr(gathering, "GATHERERS", {"policies": look})
    return seen


def unguarded(met: Callable[..., bool]) -> Callable[[int, datetime], datetime | None]:
    """What a claim would be that looks first, and then writes."""

    def claim(change_id: int, now: datetime) -> datetime | None:
        if not met(change_id, now):
            return None
        lease = now + gathering.LEASE
        ChangeRequest.objects.filter(pk=change_id).update(evidence_lease=lease)
        return lease

    return claim


def is_due(change_id: int, now: datetime) -> bool:
    return gathering._due(now).filter(pk=change_id).exists()


def test_of_four_workers_one_gathers(waiting: ChangeRequest, looks: list[Subject]) -> None:
    done = race(*[lambda: gathering.gather(waiting.pk)] * 4).values
    assert sum(done) == len(looks) == 1
    assert waiting.evidence.count() == 1


def test_control_a_claim_that_looks_and_then_writes_lets_both_gather(
    waiting: ChangeRequest, looks: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(2, patience=10)
    monkeypatch.setattr(gathering, "claim", unguarded(meeting.after(is_due)))
    race(*[lambda: gathering.gather(waiting.pk)] * 2)
    assert meeting.complete
    assert len(looks) == 2


def test_of_four_who_ask_at_once_one_is_written_down(shop: Organisation, waiting: ChangeRequest) -> None:
    past = clock.now() - timedelta(minutes=1)
    ChangeRequest.objects.filter(pk=waiting.pk).update(evidence_asked_at=past, evidence_gathered_at=past)
    people = [shop.olga, shop.oscar, shop.alice, shop.bob]
    race(*[lambda person=person: evidence.refresh(waiting, actor=person) for person in people])
    assert AuditEvent.objects.filter(action="evidence.asked").count() == 1
    assert gathering.due_ids() == [waiting.pk]
