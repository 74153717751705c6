"""Asking the portal for a service until it is ready, against bare helm with --wait on the same sandbox."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests import tools
from tests.benchmarks.conftest import Stack
from tests.benchmarks.reporting import report
from tools.paths import ROOT

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]
PAIRS = 15
CHART = ROOT / "services_catalog" / "charts" / "web-service" / "1.1.0"
IMAGE = {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}


def through_portal(stack: Stack, name: str) -> float:
    """Seconds from before the request until the portal had seen the service ready, by one clock."""
    body = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": name}
    start = time.time()
    change = stack.alice.post("changes/", {**body, "values": {"image": IMAGE}}).expect(201)
    while change["state"] != "succeeded":
        assert change["state"] in {"queued", "running"}, change
        time.sleep(0.5)  # the end is read from the change, so asking more often would only disturb it
        change = stack.alice.get(f"changes/{change['id']}/")
    # ready is when it was observed; verifying that it also works comes after, and helm does not do it
    ready = next(step["at"] for step in change["steps"] if step["key"] == "observed")
    return datetime.fromisoformat(ready).timestamp() - start


def through_helm(stack: Stack, name: str, values: Path) -> float:
    command = [tools.helm(), "upgrade", "--install", name, CHART, "--namespace", "storefront-dev", "--wait"]
    start = time.perf_counter()
    subprocess.run(
        [*map(str, command), "--kubeconfig", str(stack.kubeconfig), "--values", str(values)],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def test_request_to_ready_costs_at_most_half_more_than_bare_helm(stack: Stack, tmp_path: Path) -> None:
    namespace = {"application": "storefront", "environment": "dev", "offering": "namespace", "plan": "large"}
    stack.alice.follow(stack.alice.post("changes/", namespace).expect(201))
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"image": IMAGE}))
    through_portal(stack, "warm-portal"), through_helm(stack, "warm-helm", values)
    portal, helm = [], []
    for pair in range(PAIRS):
        helm.append(through_helm(stack, f"bare-{pair}", values))
        portal.append(through_portal(stack, f"asked-{pair}"))
    ratio = statistics.median(ours / theirs for ours, theirs in zip(portal, helm, strict=True))
    report(
        f"request to ready, {PAIRS} interleaved pairs",
        portal_median_s=statistics.median(portal),
        helm_wait_median_s=statistics.median(helm),
        median_ratio=ratio,
    )
    assert ratio <= 1.5
