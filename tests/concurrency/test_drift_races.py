"""Of workers that find the same instances due, each gets some, and none gets what another has."""

from __future__ import annotations

from datetime import datetime

import pytest

from portal.core import clock
from portal.lifecycle.models import DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import claiming
from tests.concurrency.racing import Meeting, race
from tests.factories import EnvironmentFactory, InstanceFactory, ReleaseFactory

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 12


@pytest.fixture
def cluster_id(transactional_db: None) -> int:
    environment = EnvironmentFactory()
    for _ in range(COUNT):
        instance = InstanceFactory(environment=environment)
        release = ReleaseFactory(instance=instance)
        ServiceInstance.objects.filter(pk=instance.pk).update(current_release=release)
    return environment.cluster_id


def test_of_four_workers_no_two_look_at_the_same_instance(cluster_id: int) -> None:
    found = race(*[lambda: claiming.claim(cluster_id, COUNT)] * 4).values
    taken = [pk for _, ids in found for pk in ids]
    assert len(taken) == len(set(taken)) == COUNT
    for lease, ids in found:
        assert DriftReport.objects.filter(lease_until=lease).count() == len(ids)


def test_control_a_claim_that_looks_and_then_writes_gives_the_same_to_both(cluster_id: int) -> None:
    meeting = Meeting(2, patience=10)

    def look(now: datetime) -> list[int]:
        return list(claiming.due(now).values_list("pk", flat=True))

    def claim() -> list[int]:
        ids = met(clock.now())
        DriftReport.objects.bulk_create([DriftReport(instance_id=pk) for pk in ids], ignore_conflicts=True)
        DriftReport.objects.filter(pk__in=ids).update(lease_until=clock.now() + claiming.LEASE)
        return ids

    met = meeting.after(look)
    found = race(claim, claim).values
    assert meeting.complete
    assert sum(map(len, found)) == 2 * COUNT
