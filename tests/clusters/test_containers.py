"""Containers in plain words, and the end of their logs, however long those are."""

from __future__ import annotations

from typing import Any

import pytest

from portal.clusters import container_logs, surroundings
from portal.clusters.containers import containers_of, reason_of
from portal.core.objects import ObjectKey
from tests.fixtures.worker import until

LINES = 2_000


def pod(*statuses: dict[str, Any], **status: Any) -> dict[str, Any]:
    spec = {
        "containers": [{"name": each["name"], "image": "registry.example.com/app:1"} for each in statuses]
    }
    return {"kind": "Pod", "spec": spec, "status": {"containerStatuses": list(statuses), **status}}


def waiting(reason: str, last: str = "", exit_code: int = 1) -> dict[str, Any]:
    before = {"lastState": {"terminated": {"reason": last, "exitCode": exit_code}}} if last else {}
    return {"name": "app", "state": {"waiting": {"reason": reason}}, "restartCount": 3, **before}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (pod({"name": "app", "state": {"running": {}}, "ready": True}), ""),
        (pod(waiting("ContainerCreating")), ""),
        (pod(waiting("ImagePullBackOff")), "ImagePullBackOff"),
        (pod(waiting("CrashLoopBackOff", "Error")), "CrashLoopBackOff"),
        (pod(waiting("CrashLoopBackOff", "OOMKilled", 137)), "OOMKilled"),
        (pod({"name": "app", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}), "Error"),
        (pod({"name": "app", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}), ""),
        (pod(phase="Failed", reason="Evicted"), "Evicted"),
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]),
            "Unschedulable",
        ),
        ({}, ""),
    ],
)
def test_one_word_says_what_is_wrong_with_a_pod(found: dict[str, Any], reason: str) -> None:
    assert reason_of(found, containers_of(found)) == reason


def test_a_container_that_never_ran_has_no_log() -> None:
    assert not containers_of(pod(waiting("ImagePullBackOff")))[0].has_spoken
    assert containers_of(pod(waiting("CrashLoopBackOff", "Error")))[0].has_spoken


def test_of_a_long_log_the_end_is_read_within_its_bound(connection, kubernetes, namespace) -> None:
    said = "\n".join(f"line {number}" for number in range(LINES))
    container = {"name": "app", "image": "registry.example.com/app:1"}
    metadata = {"name": "talks", "namespace": namespace, "annotations": {"sandbox.slipway.dev/log": said}}
    talks = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    kubernetes.apply(talks, "test")
    key = ObjectKey("v1", "Pod", namespace, "talks")
    until(lambda: container_logs.tail(connection, namespace, key.name, "app", lines=1)[0])

    text, is_cut = container_logs.tail(connection, namespace, "talks", "app", lines=LINES, most_bytes=10_000)
    assert is_cut
    assert 1_000 < len(text) <= 10_000
    assert f"line {LINES - 1}" in text

    whole, is_cut = container_logs.tail(connection, namespace, "talks", "app", lines=10)
    assert not is_cut
    assert len(whole.splitlines()) == 10
    assert container_logs.tail(connection, namespace, "no-such-pod", "app", lines=10) == ("", False)


def test_kinds_that_are_not_served_are_passed_over(connection, namespace) -> None:
    found = surroundings.read(connection, namespace, [("example.com/v1", "Ghost"), ("v1", "ServiceAccount")])
    assert {document["kind"] for document in found.documents} == {"ServiceAccount"}
    assert found.unread == found.cut == ()
