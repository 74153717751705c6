"""Looking again costs little, happens never twice at once nor amid a change, and people are told once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.audit.models import AuditEvent, Notification
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, DriftReport, DriftTolerance, ServiceInstance
from portal.lifecycle.operations.drift import claiming, tolerance_ends
from portal.lifecycle.operations.drift.looking import Look
from portal.lifecycle.operations.drift.pacing import Pace
from portal.lifecycle.tasks import look_for_drift, scan_drift, scan_drift_in
from tests.lifecycle.drift.seen import Cluster, items, scan, shown
from tests.lifecycle.drift.test_clean import VALUES
from tests.lifecycle.helpers import ask

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
OBJECTS = r"/namespaces/[^/]+/[^/]+/[^/]+$"


@pytest.fixture
def web(namespace: ServiceInstance, run: Any) -> ServiceInstance:
    return run(offering="web-service", name="web", values=VALUES["web-service"])


def wait_for_next_round(settings: Any) -> None:
    """All is due again."""
    settings.SLIPWAY_DRIFT_SECONDS = 0


def key_in(cluster: Cluster, instance: ServiceInstance, kind: str) -> Any:
    return next(key for key in cluster.keys(instance) if key.kind == kind)


def label(cluster: Cluster, instance: ServiceInstance, name: str = "x", kind: str = "Service") -> None:
    operation = {"op": "add", "path": f"/metadata/labels/{name}", "value": "y"}
    answer = cluster.patch(key_in(cluster, instance, kind), [operation], "kubectl-label")
    assert answer.status == 200


def events(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def test_looking_again_at_what_nobody_touched_reads_and_tries_no_object(web, cluster, settings):
    wait_for_next_round(settings)
    with cluster.counting(OBJECTS, "GET", "PATCH", "POST") as first:
        assert scan(web).status == "in_step"
    assert first.requests > 0
    before = DriftReport.objects.get(pk=web.pk)
    with cluster.counting(OBJECTS) as objects:
        scan(web)
    with cluster.counting() as everything:
        report = scan(web)
    assert objects.requests == 0
    assert 0 < everything.requests <= 24  # one list for each kind
    assert report.checked_at > before.checked_at
    assert report.fingerprint == before.fingerprint


def test_neighbours_are_listed_together(web, namespace, run, cluster, settings):
    others = [run(offering="worker", name=f"w{n}", values=VALUES["worker"]) for n in range(2)]
    wait_for_next_round(settings)
    scan_drift_in(web.environment.cluster_id)
    with cluster.counting() as counted:
        scan_drift_in(web.environment.cluster_id)
    assert counted.requests <= 24
    assert set(DriftReport.objects.values_list("status", flat=True)) == {"in_step"}
    assert DriftReport.objects.count() == 2 + len(others)


def test_drift_is_told_once_and_its_end_is_recorded(web, cluster, settings):
    wait_for_next_round(settings)
    scan(web)
    label(cluster, web)
    for _ in range(3):
        report = scan(web)
    assert (report.status, report.added) == ("drifted", 1)
    assert (events("drift.found"), events("drift.ended")) == (1, 0)
    told = Notification.objects.filter(topic="drift.found")
    assert {row.user.username for row in told} >= {"alice", "bob"}
    assert told.first().url == f"/instances/{web.pk}/drift/"
    assert "metadata.labels.x of Service/web, by kubectl-label" in told.first().text
    first_seen = items(web)[0].first_seen_at
    cluster.patch(key_in(cluster, web, "Service"), [{"op": "remove", "path": "/metadata/labels/x"}])
    assert scan(web).status == "in_step"
    assert (events("drift.found"), events("drift.ended")) == (1, 1)
    (ended,) = web.drift_items.all()
    assert ended.first_seen_at == first_seen
    assert ended.ended_at is not None


def test_what_is_tolerated_does_not_count_until_its_date(web, cluster, settings):
    wait_for_next_round(settings)
    label(cluster, web)
    scan(web)
    (item,) = items(web)
    now = clock.now()
    tolerance = DriftTolerance.objects.create(
        instance=web,
        **{name: getattr(item, name) for name in ("api_version", "kind", "namespace", "name", "path")},
        reason="until the migration is over",
        until=now + timedelta(hours=1),
        created_by=web.created_by,
        created_at=now,
    )
    label(cluster, web, kind="ServiceAccount")
    report = scan(web)
    assert (report.status, report.tolerated, report.added) == ("drifted", 1, 1)
    DriftTolerance.objects.filter(pk=tolerance.pk).update(until=now)
    Notification.objects.all().delete()
    assert tolerance_ends.end_due() == 1
    assert tolerance_ends.end_due() == 0
    report = DriftReport.objects.get(pk=web.pk)
    assert (report.status, report.tolerated, report.added) == ("drifted", 0, 2)
    assert events("drift.tolerance_over") == 1
    assert Notification.objects.filter(topic="drift.tolerance_over", user__username="alice").count() == 1


def test_two_beats_never_look_at_the_same_instance(web, namespace):
    cluster_id = web.environment.cluster_id
    lease, first = claiming.claim(cluster_id, 10)
    assert set(first) == {web.pk, namespace.pk}
    assert claiming.claim(cluster_id, 10)[1] == []
    assert claiming.claim_one(web.pk) is None
    assert claiming.is_looked_at(cluster_id)
    assert claiming.clusters_due() == []
    claiming.let_go(first, lease)
    assert claiming.clusters_due() == [cluster_id]


def test_the_later_of_two_rounds_gives_back_what_it_took(web, namespace):
    cluster_id = web.environment.cluster_id
    earlier, (one,) = claiming.claim(cluster_id, 1)
    later, (other,) = claiming.claim(cluster_id, 1)
    assert one != other
    assert claiming.yields(cluster_id, [other], later) == (earlier < later)
    assert claiming.yields(cluster_id, [one], earlier) == (later < earlier)


def test_nothing_is_written_by_whoever_lost_the_lease(web, cluster):
    lease = claiming.claim_one(web.pk)
    label(cluster, web)
    DriftReport.objects.filter(pk=web.pk).update(lease_until=lease + timedelta(seconds=60))
    Look(web.environment.cluster, [web.pk], lease, Pace(0)).done()
    assert items(web) == []
    assert DriftReport.objects.get(pk=web.pk).checked_at is None


def test_an_instance_on_its_way_to_another_release_is_left_alone(web):
    change = ask(
        web.created_by, kind="update", instance=web.pk, values={**VALUES["web-service"], "replicas": 2}
    )
    assert change.state == "queued"
    assert web.pk not in claiming.claim(web.environment.cluster_id, 10)[1]
    assert claiming.claim_one(web.pk) is None


def test_what_a_change_has_touched_meanwhile_is_not_written(web, cluster):
    lease = claiming.claim_one(web.pk)
    label(cluster, web)
    ChangeRequest.objects.filter(instance=web).update(finished_at=clock.now() + timedelta(seconds=5))
    Look(web.environment.cluster, [web.pk], lease, Pace(0)).done()
    assert items(web) == []
    assert web.pk in claiming.claim(web.environment.cluster_id, 10)[1]


def test_a_finished_change_and_a_question_are_looked_at_before_their_time(web, namespace, settings):
    settings.SLIPWAY_DRIFT_SECONDS = 3600
    for instance in (web, namespace):
        scan(instance)
    assert claiming.clusters_due() == []
    ChangeRequest.objects.filter(instance=web).update(finished_at=clock.now())
    assert list(claiming.due(clock.now())) == [web]
    scan(web)
    DriftReport.objects.filter(pk=namespace.pk).update(asked_at=clock.now())
    assert list(claiming.due(clock.now())) == [namespace]
    look_for_drift(namespace.pk)
    assert not DriftReport.objects.get(pk=namespace.pk).is_asked
    assert not claiming.due(clock.now()).exists()


def test_a_cluster_that_does_not_answer_leaves_what_was_known_and_says_so(web, cluster, settings):
    wait_for_next_round(settings)
    label(cluster, web)
    scan(web)
    said = {"outageSeconds": 30}
    cluster.sandbox.request("PUT", "/sandbox/faults", said)
    try:
        report = scan(web)
    finally:
        cluster.sandbox.request("DELETE", "/sandbox/faults")
    assert report.status == "unknown"
    assert "sandbox" in report.message
    assert len(items(web)) == 1
    report = scan(web)
    assert (report.status, report.message, report.added) == ("drifted", "", 1)
    assert events("drift.found") == 1


def test_beat_survives_a_broker_that_is_away_and_ends_tolerances_all_the_same(web):
    now = clock.now()
    DriftTolerance.objects.create(
        instance=web, kind="Service", until=now, created_by=web.created_by, created_at=now
    )
    scan_drift()
    assert DriftTolerance.objects.get().ended_at is not None


def test_a_scan_makes_no_more_requests_a_second_than_is_allowed(web, settings):
    settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND = 50
    began = clock.now()
    pace = Pace(50)
    lease = claiming.claim_one(web.pk)
    Look(web.environment.cluster, [web.pk], lease, pace).done()
    assert pace.made > 20
    assert (clock.now() - began).total_seconds() >= (pace.made - 1) / 50


def test_whoever_wipes_the_record_of_who_wrote_what_hides_nothing(web, cluster):
    key = key_in(cluster, web, "Deployment")
    assert (
        cluster.patch(key, [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]).status
        == 200
    )
    assert not cluster.get(key)["metadata"].get("managedFields")
    assert scan(web).status == "in_step", shown(web)
    env = {
        "op": "add",
        "path": "/spec/template/spec/containers/0/env/0",
        "value": {"name": "EVIL", "value": "1"},
    }
    assert cluster.patch(key, [env]).status == 200
    assert scan(web).added == 1, shown(web)
    (item,) = items(web)
    assert (item.path, item.manager) == ("spec.template.spec.containers[app].env[EVIL]", "")


def test_what_an_operator_was_let_write_is_no_drift(web, cluster, settings):
    label(cluster, web)
    settings.SLIPWAY_DRIFT_CONTROLLERS = ("kubectl-label",)
    assert scan(web).status == "in_step"
    settings.SLIPWAY_DRIFT_CONTROLLERS = ()
    assert scan(web).status == "drifted"
