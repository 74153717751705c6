"""Scanning a fleet for drift, against `helm get manifest | kubectl diff` for one release after the other."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from portal.lifecycle.models import DriftItem, DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import scanning
from tests import tools
from tests.benchmarks.fleet import copies
from tests.benchmarks.reporting import report
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import work_off
from tests.lifecycle.drift.seen import Cluster
from tests.lifecycle.helpers import WEB, ask

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.timeout(1200)]
INSTANCES = int(os.environ.get("SLIPWAY_DRIFT_INSTANCES", "1000"))
TAMPERED = 20
RELEASES_BY_HAND = 10
AT_LEAST = 20


def by_hand(kubeconfig: Path, release: str, namespace: str) -> float:
    """Seconds for one release; what differs is not read by anybody."""
    start = time.perf_counter()
    at = ["--namespace", namespace, "--kubeconfig", str(kubeconfig)]
    manifest = subprocess.run(
        [tools.helm(), "get", "manifest", release, *at], check=True, capture_output=True
    ).stdout
    done = subprocess.run(
        [tools.kubectl(), "diff", *at, "--filename", "-"], input=manifest, capture_output=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()[-2000:]
    return time.perf_counter() - start


def scanned(cluster: Cluster, cluster_id: int) -> tuple[float, int]:
    """(seconds, requests) of looking at all that is due."""
    with cluster.counting() as counted:
        start = time.perf_counter()
        scanning.scan_cluster(cluster_id, budget_seconds=600)
        seconds = time.perf_counter() - start
    return seconds, counted.requests


def test_a_fleet_is_scanned_twenty_times_as_fast_as_by_hand(
    provisioned: Organisation, clean_cluster: Any, settings: Any
) -> None:
    settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND = settings.SLIPWAY_DRIFT_SECONDS = 0
    place = {"application": "storefront", "environment": "dev"}
    work_off(ask(provisioned.alice, **place, offering="namespace", plan="large"))
    made = work_off(ask(provisioned.alice, **place, offering="web-service", name="seed-web", values=WEB))
    seed = ServiceInstance.objects.select_related("environment__cluster").get(pk=made.instance_id)
    cluster = Cluster(clean_cluster, seed.environment.cluster.connection)
    fleet = copies(seed, INSTANCES)
    cluster_id = seed.environment.cluster_id

    hand = [
        by_hand(clean_cluster.kubeconfig, "seed-web", seed.namespace) for _ in range(RELEASES_BY_HAND // 2)
    ]
    full, full_requests = scanned(cluster, cluster_id)
    hand += [
        by_hand(clean_cluster.kubeconfig, "seed-web", seed.namespace) for _ in range(RELEASES_BY_HAND // 2)
    ]
    assert DriftReport.objects.filter(status="in_step").count() == INSTANCES + 2
    again, again_requests = scanned(cluster, cluster_id)
    for instance in fleet[:: INSTANCES // TAMPERED]:
        key = next(key for key in cluster.keys(instance) if key.kind == "Deployment")
        cluster.patch(key, [{"op": "add", "path": "/metadata/labels/x", "value": "y"}])
    some, some_requests = scanned(cluster, cluster_id)
    assert DriftItem.objects.current().count() == len(fleet[:: INSTANCES // TAMPERED])

    rate_by_hand = len(hand) / sum(hand)
    everything = INSTANCES + 2
    report(
        f"drift of {everything} instances in {INSTANCES // 5 + 1} namespaces",
        by_hand_per_s=rate_by_hand,
        full_s=full,
        full_per_s=everything / full,
        full_ratio=everything / full / rate_by_hand,
        full_requests_per_instance=full_requests / everything,
        unchanged_s=again,
        unchanged_ratio=everything / again / rate_by_hand,
        unchanged_requests_per_instance=again_requests / everything,
        twenty_tampered_s=some,
        twenty_tampered_requests=some_requests,
    )
    assert everything / full >= AT_LEAST * rate_by_hand
    assert everything / again >= AT_LEAST * rate_by_hand
