"""Pods that are not well say why and what to do; their logs are masked, bounded, and for few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.errors import NotFound, NotPermitted
from portal.core.masking import MASK
from portal.core.objects import ObjectKey
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import object_events, pods
from portal.lifecycle.services import pod_logs
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import until
from tests.lifecycle.running.conftest import SECRET, a_stranger, of

IMAGE_OF = "/spec/template/spec/containers/0/image"
LOG = "sandbox.slipway.dev/log"


def run_instead(running: ServiceInstance, cluster: Kubernetes, image: str) -> None:
    """Somebody puts another image into the Deployment."""
    key = ObjectKey("apps/v1", "Deployment", running.namespace, "shop-api")
    cluster.patch(key, [{"op": "replace", "path": IMAGE_OF, "value": image}], "somebody")


def first_pod(running: ServiceInstance) -> str:
    return pods.read(running)[0].pod.name


@pytest.mark.parametrize(
    ("image", "reason", "what"),
    [
        ("registry.example.com/crash:1", "CrashLoopBackOff", "ends with an error"),
        ("registry.example.com/oom:1", "OOMKilled", "more memory than its limit"),
        ("registry.example.com/fail:1", "ImagePullBackOff", "cannot pull"),
    ],
)
def test_a_pod_that_is_not_well_comes_first_with_what_that_means(
    running: ServiceInstance, cluster: Kubernetes, image: str, reason: str, what: str
) -> None:
    run_instead(running, cluster, image)
    until(lambda: pods.read(running)[0].state == "failed")
    unwell = pods.read(running)[0]
    assert unwell.reason == reason
    assert unwell.explanation is not None
    assert what in unwell.explanation.what
    assert unwell.owner.startswith("ReplicaSet/shop-api-")


def test_a_log_shows_no_secret_of_the_release(running: ServiceInstance, cluster: Kubernetes) -> None:
    said = f"key is {SECRET}\nreading postgresql://shop:hunter22@db:5432/shop"
    key = ObjectKey("v1", "Pod", running.namespace, first_pod(running))
    annotation = f"/metadata/annotations/{LOG.replace('/', '~1')}"
    found = cluster.get(key) or {}
    if not found["metadata"].get("annotations"):
        cluster.patch(key, [{"op": "add", "path": "/metadata/annotations", "value": {}}], "somebody")
    cluster.patch(key, [{"op": "add", "path": annotation, "value": said}], "somebody")
    log = pod_logs.read(running, actor=alice_of(running), pod=key.name)
    lines = [line.text for line in log.lines]
    assert f"key is {MASK}" in lines
    assert f"reading postgresql://{MASK}@db:5432/shop" in lines
    assert SECRET not in " ".join(lines)
    assert not log.is_final


def alice_of(running: ServiceInstance) -> Any:
    return running.application.team.members.get(username="alice")


def test_the_run_before_can_be_read_and_is_final(running: ServiceInstance, cluster: Kubernetes) -> None:
    run_instead(running, cluster, "registry.example.com/crash:1")
    until(lambda: pods.read(running)[0].reason == "CrashLoopBackOff")
    name = first_pod(running)
    log = pod_logs.read(running, actor=alice_of(running), pod=name, previous=True)
    assert "ended with exit code 1" in log.lines[-1].text
    assert log.is_final


def test_who_neither_owns_nor_operates_it_reads_no_log(
    running: ServiceInstance, provisioned: Organisation
) -> None:
    name = first_pod(running)
    assert pod_logs.read(running, actor=provisioned.olga, pod=name).lines
    for person in (provisioned.pete, provisioned.audrey, provisioned.pia):
        with pytest.raises(NotPermitted, match="Only members of the owning team and operators"):
            pod_logs.read(running, actor=person, pod=name)


def test_only_pods_of_the_instance_are_read(running: ServiceInstance, cluster: Kubernetes) -> None:
    a_stranger(running, cluster, "stranger")
    for name in ("stranger", "no-such-pod", "../../secrets/x", "x" * 300):
        with pytest.raises(NotFound, match="There is no pod"):
            pod_logs.read(running, actor=alice_of(running), pod=name)
    with pytest.raises(NotFound, match="no container"):
        pod_logs.read(running, actor=alice_of(running), pod=first_pod(running), container="ghost")


def test_a_look_at_a_log_behind_a_gate_is_in_the_trail_once(
    running: ServiceInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, looks = first_pod(running), AuditEvent.objects.filter(action="logs.read")
    pod_logs.read(running, actor=alice_of(running), pod=name)
    assert looks.count() == 0

    Environment.objects.filter(pk=running.environment_id).update(approvals_required=1)
    gated = of(running.pk)
    for _ in range(3):
        pod_logs.read(gated, actor=alice_of(running), pod=name)
    look = looks.get()
    assert (look.actor_name, look.object_label) == ("alice", "shop-api")
    assert look.after is not None
    assert look.after["pod"] == name

    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    pod_logs.read(gated, actor=alice_of(running), pod=name)
    assert looks.count() == 2


def test_events_are_of_its_objects_grouped_and_warnings_come_first(
    running: ServiceInstance, cluster: Kubernetes
) -> None:
    calm = object_events.read(running)
    assert {event.key.kind for event in calm.events} >= {"Deployment", "ReplicaSet", "Pod"}
    assert not any(event.is_warning for event in calm.events)
    run_instead(running, cluster, "registry.example.com/fail:1")
    until(lambda: any(event.is_warning for event in object_events.read(running).events))
    first = object_events.read(running).events[0]
    assert first.is_warning
    assert first.last_seen is not None
    assert object_events.about(calm, calm.events[0].key)
