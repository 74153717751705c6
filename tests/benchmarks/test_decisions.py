"""The decision page of a release of 200 objects, and the queue with 5,000 waiting changes: each against a
bare DRF list of 50 rows, interleaved in one run, and the processor's time of it against a fixed bound.

The database is in the process, so that time is all of the work; on an idle machine it is the time one waits,
which is reported beside it."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from portal.accounts.roles import PlatformRoleName
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Evidence, Release, ServiceInstance
from portal.lifecycle.states import ChangeState
from tests.benchmarks.reporting import report
from tests.benchmarks.test_lists import timed
from tests.factories import (
    ApplicationFactory,
    ChangeFactory,
    EnvironmentFactory,
    InstanceFactory,
    OfferingVersionFactory,
    PlanFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
    platform,
)

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.urls("tests.benchmarks.bare")]
OBJECTS, WAITING, ROUNDS = 200, 5_000, 30
PAGE_SECONDS, QUEUE_SECONDS = 1.0, 0.2
PAGE_RATIO, QUEUE_RATIO = 80, 30
HEAVIEST = 1_000_000  # bytes of the decision page


@pytest.fixture
def gate(db: None):
    """Production, as strict as it gets."""
    return EnvironmentFactory(
        slug="production",
        approvals_required=1,
        required_evidence={"policies": 60, "diff": 60},
        minimum_soak_minutes=60,
    )


def document(number: int, replicas: int) -> dict:
    """An object of about sixty lines."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": f"part-{number:03}",
            "namespace": "shop-production",
            "labels": {f"label-{n}": "x" for n in range(20)},
        },
        "spec": {
            "replicas": replicas,
            "template": {
                "spec": {
                    "containers": [
                        {"name": f"app-{n}", "image": f"registry.example.com/app:{replicas}"}
                        for n in range(12)
                    ]
                }
            },
        },
    }


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


@dataclass(frozen=True)
class Cost:
    """Of one page, in seconds at the 95th percentile: the processor's, and how many bare lists that is."""

    busy: float
    ratio: float


def compare(title: str, client: Client, address: str) -> Cost:
    reader = APIClient()
    reader.force_authenticate(UserFactory(username="reader"))
    assert client.get(address).status_code == 200
    reader.get("/bare/")
    gc.collect()
    gc.freeze()  # the rows of the set-up are no part of a server's heap
    waited: list[float] = []
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        theirs.append(busy(lambda: reader.get("/bare/")))
        waited.append(timed(lambda: mine.append(busy(lambda: client.get(address)))))
    gc.unfreeze()
    cost = Cost(p95(mine), statistics.median(mine) / statistics.median(theirs))
    report(
        title,
        p95_ms=p95(waited) * 1000,
        busy_p95_ms=cost.busy * 1000,
        bare_busy_p95_ms=p95(theirs) * 1000,
        ratio=cost.ratio,
    )
    return cost


def busy(call: Callable[[], object]) -> float:
    """Seconds of the processor."""
    start = time.process_time()
    call()
    return time.process_time() - start


def sealed(gate, count: int, number: int) -> ChangeRequest:
    """A waiting change of so many objects, every one of which differs from what was sealed before."""
    instance = InstanceFactory(environment=gate, name=f"parts-{count}-{number}")
    before = ReleaseFactory(
        instance=instance, number=1, objects_masked=[document(n, 2) for n in range(count)]
    )
    after = ReleaseFactory(instance=instance, number=2, objects_masked=[document(n, 3) for n in range(count)])
    ServiceInstance.objects.filter(pk=instance.pk).update(current_release=before)
    return ChangeFactory(
        instance=instance,
        release=after,
        base_release=before,
        kind="update",
        state=ChangeState.AWAITING_APPROVAL,
        expires_at=clock.now() + timedelta(days=1),
    )


@pytest.mark.parametrize("live", [False, True], ids=["against what was sealed", "against what is live"])
def test_decision_page_of_200_objects_is_there_within_a_second(gate, client, live):
    client.force_login(platform("olga", PlatformRoleName.OPERATOR))
    change = sealed(gate, OBJECTS, 1)
    few = sealed(gate, 2, 2)
    if live:
        for each in (change, few):
            keep_comparison(each)

    def queries(of: ChangeRequest) -> int:
        with CaptureQueriesContext(connection) as found:
            response = client.get(f"/changes/{of.pk}/")
        assert response.status_code == 200
        assert len(response.content) < HEAVIEST
        return len(found)

    queries(few)
    counts = queries(few), queries(change)
    kind = "live" if live else "sealed"
    cost = compare(f"Decision page, {OBJECTS} objects, against {kind}", client, f"/changes/{change.pk}/")
    weight = len(client.get(f"/changes/{change.pk}/").content)
    report(f"Decision page, {OBJECTS} objects, against {kind}", queries=counts[1], kilobytes=weight / 1000)
    assert counts[0] == counts[1]
    assert cost.busy < PAGE_SECONDS
    assert cost.ratio < PAGE_RATIO


def keep_comparison(change: ChangeRequest) -> None:
    """As a worker keeps it."""
    assert change.release is not None
    objects = [
        {
            "key": {
                "api_version": "apps/v1",
                "kind": "Deployment",
                "namespace": "shop-production",
                "name": name,
            },
            "change": "changed",
            "fields": [{"path": f"spec.field-{n}", "old": n, "new": n + 1} for n in range(13)],
            "text": "\n".join(["@@ -1,9 +1,9 @@", *(f"+ line {n} of {name}" for n in range(60))]),
        }
        for name in (each["metadata"]["name"] for each in change.release.objects_masked)
    ]
    Evidence.objects.create(
        change=change,
        kind="diff",
        status="good",
        summary="all change",
        detail={"objects": objects, "left_off": 0},
        source="cluster",
        digest=change.seal,
        observed_at=clock.now(),
    )
    ChangeRequest.objects.filter(pk=change.pk).update(evidence_gathered_at=clock.now())


@pytest.fixture
def five_thousand(gate) -> None:
    owner, version = UserFactory(username="owner"), OfferingVersionFactory()
    plan = PlanFactory(offering_version=version)
    applications = [
        ApplicationFactory(team=TeamFactory(slug=f"team-{n % 50}"), slug=f"app-{n}") for n in range(200)
    ]
    instances = ServiceInstance.objects.bulk_create(
        ServiceInstance(
            application=applications[n % 200],
            environment=gate,
            offering=version.offering,
            name=f"service-{n}",
            created_by=owner,
        )
        for n in range(WAITING)
    )
    model = ReleaseFactory(
        instance=InstanceFactory(environment=gate), offering_version=version, plan=plan, created_by=owner
    )
    columns = {f.attname: getattr(model, f.attname) for f in Release._meta.concrete_fields if f.name != "id"}
    releases = Release.objects.bulk_create(
        [Release(**{**columns, "instance_id": instance.pk}) for instance in instances], batch_size=500
    )
    now = clock.now()
    changes = ChangeRequest.objects.bulk_create(
        ChangeRequest(
            kind="create",
            state=ChangeState.AWAITING_APPROVAL,
            application_id=instance.application_id,
            environment=gate,
            offering=version.offering,
            name=instance.name,
            instance=instance,
            release=release,
            requested_by=owner,
            seal=release.digest,
            risk=number % 100,
            created_at=now - timedelta(minutes=number),
            expires_at=now + timedelta(days=7),
        )
        for number, (instance, release) in enumerate(zip(instances, releases, strict=True))
    )
    through = ChangeRequest.contributors.through
    through.objects.bulk_create(through(changerequest_id=change.pk, user_id=owner.pk) for change in changes)
    Evidence.objects.bulk_create(
        Evidence(
            change=change,
            kind=kind,
            status="good",
            summary="fine",
            source="cluster",
            digest=change.seal,
            observed_at=now,
        )
        for change in changes
        for kind in ("policies", "diff")
    )


@pytest.mark.parametrize("query", ["", "?risk=high&q=service-4", "?tab=all&page=50"])
def test_queue_of_5000_waiting_changes_answers_within_200_ms(five_thousand, client, query):
    client.force_login(platform("olga", PlatformRoleName.OPERATOR))
    with CaptureQueriesContext(connection) as found:
        assert client.get(f"/approvals/{query}").status_code == 200
    title = f"GET /approvals/{query} at {WAITING:,} waiting"
    report(title, queries=len(found))
    cost = compare(title, client, f"/approvals/{query}")
    assert cost.busy < QUEUE_SECONDS
    assert cost.ratio < QUEUE_RATIO
