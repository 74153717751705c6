"""How fast a Deployment is checked. Run by `make bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from portal.policy.schema import check
from tests.policy.scenes import deployment

pytestmark = pytest.mark.benchmark


def test_a_deployment_is_checked_in_under_a_sixth_of_a_millisecond(
    record_property: Callable[..., None],
) -> None:
    document = deployment(
        env=[{"name": f"VARIABLE_{number}", "value": "1"} for number in range(20)],
        ports=[{"name": "http", "containerPort": 8080}],
        resources={name: {"cpu": "100m", "memory": "128Mi"} for name in ("limits", "requests")},
        securityContext={"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
        livenessProbe={"httpGet": {"path": "/live", "port": "http"}},
        readinessProbe={"httpGet": {"path": "/ready", "port": "http"}},
        volumeMounts=[{"name": "scratch", "mountPath": "/tmp"}],
    )
    document["spec"]["template"]["spec"]["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    assert check(document) == []
    taken = []
    for _ in range(200):
        start = time.process_time()
        check(document)
        taken.append((time.process_time() - start) * 1000)
    median = statistics.median(taken)
    record_property("one_deployment_ms", f"{median:.3f}")
    assert median < 0.15
