"""The cluster's life goes on where it stopped, and rests when there is nothing to do."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.sandbox_process import SandboxProcess, start_sandbox

WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]},
        },
    },
}
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"


def until(condition: Callable[[], Any]) -> None:
    """Polls over HTTP; the pause keeps the two processes from fighting over a core."""
    deadline = time.monotonic() + 20
    pause = time.sleep
    while not condition():
        assert time.monotonic() < deadline, "the cluster did not get there in time"
        pause(0.02)


def available(cluster: SandboxProcess) -> int:
    status = cluster.request("GET", f"{DEPLOYMENTS}/web").body.get("status") or {}
    return int(status.get("availableReplicas", 0))


def pods(cluster: SandboxProcess) -> dict[str, str]:
    items = cluster.request("GET", "/api/v1/namespaces/default/pods").body["items"]
    return {each["metadata"]["uid"]: each["status"]["podIP"] for each in items}


def test_workloads_and_tokens_survive_a_restart(tmp_path: Path) -> None:
    cluster = start_sandbox(tmp_path)
    try:
        assert cluster.request("POST", DEPLOYMENTS, WEB).status == 201
        until(lambda: available(cluster) == 3)
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = cluster.request("POST", f"{ACCOUNT}/token", review).body["status"]["token"]
        before = pods(cluster)
        cluster.restart()
        assert pods(cluster) == before
        assert available(cluster) == 3
        who = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = cluster.request(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", who, token=token
        )
        assert answer.body["status"]["userInfo"]["username"] == "system:serviceaccount:default:default"
        scale = {"spec": {"replicas": 5}}
        path = f"{DEPLOYMENTS}/web/scale"
        cluster.request("PATCH", path, scale, content_type="application/merge-patch+json")
        until(lambda: available(cluster) == 5)
        assert len(set(pods(cluster).values())) == 5
    finally:
        cluster.stop()


def test_idle_cluster_costs_no_processor_time(tmp_path: Path) -> None:
    cluster = start_sandbox(tmp_path)
    try:
        assert cluster.request("POST", DEPLOYMENTS, WEB).status == 201
        until(lambda: available(cluster) == 3)
        process = psutil.Process(cluster.pid)
        revision = -1

        def is_quiet() -> bool:
            nonlocal revision
            seen = int(cluster.request("GET", DEPLOYMENTS).body["metadata"]["resourceVersion"])
            quiet, revision = seen == revision, seen
            return quiet

        until(is_quiet)
        used = sum(process.cpu_times()[:2])
        time.sleep(2.0)  # the measured span itself
        assert sum(process.cpu_times()[:2]) - used < 0.1
    finally:
        cluster.stop()
