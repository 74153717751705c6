"""What containers leave behind: the log of this run and of the one before, and how they ended."""

from __future__ import annotations

from typing import Any

import pytest

from portal.sandbox import logs
from portal.sandbox.statuses import ApiError
from tests.sandbox.living import LivingCluster

POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {sandbox.slipway.dev/log: "GET / 200\\nGET /cart 500"}
spec: {restartPolicy: %s, containers: [{name: app, image: "registry.example.com/%s:1"}]}
"""


def a_pod(cluster: LivingCluster, image: str, restarts: str = "Always") -> dict[str, Any]:
    made = cluster.create(POD % (restarts, image))
    cluster.settle()
    found = cluster.fresh(made)
    assert found is not None
    return found


def log_of(cluster: LivingCluster, pod: dict[str, Any], **options: Any) -> list[str]:
    resource = cluster.resource("v1", "Pod")
    chunks: list[bytes] = []

    async def read() -> None:
        async for chunk in logs.stream(cluster.store, resource, pod, logs.LogOptions(**options)):
            chunks.append(chunk)

    cluster._loop.run_until_complete(read())
    return b"".join(chunks).decode().splitlines()


def test_a_container_says_what_its_pod_is_annotated_with(cluster: LivingCluster) -> None:
    said = log_of(cluster, a_pod(cluster, "web"))
    assert said[0].startswith("[sandbox] simulated")
    assert said[2:4] == ["GET / 200", "GET /cart 500"]
    assert log_of(cluster, a_pod_named(cluster), tail=1)[-1].startswith("[sandbox] ready")


def a_pod_named(cluster: LivingCluster) -> dict[str, Any]:
    found = cluster.get("v1", "Pod", "web")
    assert found is not None
    return found


def test_one_that_is_killed_for_memory_says_so_and_keeps_the_log_of_the_run_before(
    cluster: LivingCluster,
) -> None:
    pod = a_pod(cluster, "oom-web")
    status = pod["status"]["containerStatuses"][0]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    last = status["lastState"]["terminated"]
    assert (last["reason"], last["exitCode"]) == ("OOMKilled", 137)
    before = log_of(cluster, pod, previous=True)
    assert before[-1] == "[sandbox] ended with exit code 137 because its image is named oom…"
    assert log_of(cluster, pod) == before


def test_there_is_no_run_before_the_first(cluster: LivingCluster) -> None:
    pod = a_pod(cluster, "web")
    with pytest.raises(ApiError, match="previous terminated container"):
        logs.check(pod, logs.LogOptions(previous=True))


def test_what_never_runs_again_keeps_how_it_ended(cluster: LivingCluster) -> None:
    pod = a_pod(cluster, "crash", "Never")
    assert pod["status"]["phase"] == "Failed"
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("Error", 1)
