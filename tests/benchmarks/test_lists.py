"""The list of instances at 10,000 rows against a bare DRF list of 50 rows, interleaved in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from portal.accounts.roles import PlatformRoleName
from portal.lifecycle.models import Release, ServiceInstance
from tests.benchmarks.bare import PAGE
from tests.benchmarks.reporting import report
from tests.factories import (
    ApplicationFactory,
    EnvironmentFactory,
    OfferingVersionFactory,
    PlanFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
    platform,
)

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.urls("tests.benchmarks.bare")]
ROWS, ROUNDS = 10_000, 150


@pytest.fixture
def ten_thousand(db: None) -> None:
    owner = UserFactory(username="owner")
    version = OfferingVersionFactory()
    plan = PlanFactory(offering_version=version)
    environments = [EnvironmentFactory(slug=slug) for slug in ("dev", "staging", "production")]
    applications = [
        ApplicationFactory(team=TeamFactory(slug=f"team-{n % 50}"), slug=f"app-{n}") for n in range(200)
    ]
    ServiceInstance.objects.bulk_create(
        ServiceInstance(
            application=applications[n % 200],
            environment=environments[n % 3],
            offering=version.offering,
            name=f"service-{n}",
            created_by=owner,
        )
        for n in range(ROWS)
    )
    first = ServiceInstance.objects.first()
    sealed = ReleaseFactory(instance=first, offering_version=version, plan=plan, created_by=owner)
    bulk = []
    for instance in ServiceInstance.objects.exclude(pk=first.pk).iterator():
        row = Release(
            **{f.attname: getattr(sealed, f.attname) for f in Release._meta.concrete_fields if f.name != "id"}
        )
        row.instance_id = instance.pk
        bulk.append(row)
    Release.objects.bulk_create(bulk, batch_size=500)
    for release in Release.objects.only("pk", "instance_id").iterator():
        ServiceInstance.objects.filter(pk=release.instance_id).update(current_release=release)


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@pytest.mark.parametrize(
    "path", ["/api/v1/instances/?page_size=50", "/api/v1/instances/?page_size=50&environment=dev&page=3"]
)
def test_list_of_instances_costs_at_most_three_bare_lists(ten_thousand, path):
    reader = platform("reader", PlatformRoleName.AUDITOR)
    client = APIClient()
    client.force_authenticate(reader)

    def ours() -> None:
        response = client.get(path)
        assert response.status_code == 200
        assert len(response.json()["results"]) == PAGE

    def bare() -> None:
        response = client.get("/bare/")
        assert len(response.json()) == PAGE

    ours(), bare()
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(timed(bare))
        mine.append(timed(ours))
    p95 = {
        name: statistics.quantiles(times, n=20)[-1] * 1000
        for name, times in (("ours", mine), ("bare", theirs))
    }
    ratio = p95["ours"] / p95["bare"]
    report(f"GET {path} at {ROWS:,} instances", ours_p95_ms=p95["ours"], bare_p95_ms=p95["bare"], ratio=ratio)
    assert ratio <= 3
