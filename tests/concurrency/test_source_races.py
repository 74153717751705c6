"""Of workers that find the same source due, one reads it."""

from __future__ import annotations

from datetime import datetime

import pytest

from portal.core import clock
from portal.core.errors import ValidationFailed
from services_catalog.models import ChartSource
from services_catalog.sources import leases, services
from services_catalog.sources.leases import Lease
from tests.concurrency.racing import Meeting, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source_id(transactional_db: None) -> int:
    url = "https://charts.example.org"
    return services.create(actor=None, slug="charts", name="Charts", kind="helm", url=url).pk


def found(source_id: int) -> ChartSource:
    return ChartSource.objects.due().get(pk=source_id)


def test_of_four_workers_one_gets_the_source(source_id: int) -> None:
    met = Meeting(4, patience=10).after(found)

    def claim() -> Lease | None:
        return leases.claim(met(source_id))

    held = [lease for lease in race(*[claim] * 4).values if lease is not None]
    assert len(held) == 1
    assert ChartSource.objects.get().fence == held[0].fence


def test_control_a_claim_that_looks_and_then_writes_gives_it_to_both(source_id: int) -> None:
    meeting = Meeting(2, patience=10)
    met = meeting.after(found)

    def claim() -> datetime:
        source = met(source_id)
        until = clock.now() + leases.LEASE
        ChartSource.objects.filter(pk=source.pk).update(fence=source.fence + 1, lease_until=until)
        return until

    taken = race(claim, claim).values
    assert meeting.complete
    assert len(taken) == 2


def test_of_two_sources_with_one_slug_one_is_added(transactional_db: None) -> None:
    def create() -> ChartSource:
        url = "https://charts.example.org"
        return services.create(actor=None, slug="charts", name="Charts", kind="helm", url=url)

    race(create, create, losing=ValidationFailed)
    assert ChartSource.objects.filter(slug="charts").count() == 1
