"""The Kubernetes adapter against a running cluster."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.clusters.errors import ClusterForbidden, ClusterRefused
from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey, key_of


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(name, image="registry.example.com/web:1", replicas=1):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "web", "image": image}]},
            },
        },
    }


@pytest.fixture
def create(kubectl, namespace):
    def create(*documents):
        for document in documents:
            kubectl("-n", namespace, "apply", "-f", "-", input=json.dumps(document))

    return create


def test_ping_tells_version_and_size(kubernetes):
    found = kubernetes.ping()
    assert found.version.startswith("v1.")
    assert found.node_count >= 1


def test_ping_of_somebody_who_may_not_list_nodes(connection):
    found = Kubernetes(connection.impersonating("somebody", ("system:authenticated",))).ping()
    assert found.version.startswith("v1.")
    assert found.node_count is None


def test_capabilities_are_what_helm_offers_to_charts(kubernetes):
    found = kubernetes.capabilities()
    assert found.kube_version == kubernetes.ping().version
    assert {"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "batch/v1/CronJob"} <= set(found.api_versions)
    assert list(found.api_versions) == sorted(found.api_versions)


def test_get_answers_none_for_what_is_not_there(kubernetes, namespace, create):
    create(config_map("one", a="b"))
    assert kubernetes.get(ObjectKey("v1", "ConfigMap", namespace, "one"))["data"] == {"a": "b"}
    assert kubernetes.get(ObjectKey("v1", "ConfigMap", namespace, "two")) is None
    assert kubernetes.get(ObjectKey("example.com/v1", "Thing", namespace, "one")) is None
    assert kubernetes.get(ObjectKey("v1", "ConfigMap", "no-such-namespace", "one")) is None


def test_live_keeps_the_order_and_fills_in_the_namespace(kubernetes, namespace, create):
    wanted = [config_map(name) for name in ("c", "a", "b", "missing")]
    create(*wanted[:3])
    found = kubernetes.live(
        [*wanted, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}],
        namespace=namespace,
    )
    assert [(key.name, key.namespace) for key in found] == [
        ("c", namespace),
        ("a", namespace),
        ("b", namespace),
        ("missing", namespace),
        (namespace, ""),
    ]
    assert [live is not None for live in found.values()] == [True, True, True, False, True]


def test_statuses_leave_hooks_out_and_name_what_is_missing(kubernetes, namespace, create):
    create(config_map("there"))
    hook = {**config_map("hook"), "metadata": {"name": "hook", "annotations": {"helm.sh/hook": "test"}}}
    found = kubernetes.statuses([config_map("there"), hook, config_map("gone")], namespace=namespace)
    assert [(status.key.name, status.state) for status in found] == [("there", "ready"), ("gone", "missing")]


def test_a_workload_that_does_not_come_up_says_what_is_wrong_with_its_pods(kubernetes, namespace, create):
    broken = deployment("web", image="registry.example.com/fail:1")
    create(broken)

    def said():
        (status,) = kubernetes.watch_until_settled([broken], seconds=0.2, namespace=namespace)
        assert status.state == "working"
        return status.message

    deadline = time.monotonic() + 20
    while "Image" not in (message := said()):
        assert time.monotonic() < deadline, message
    assert "0 of 1" in message
    assert "1 pod: container web:" in message


def test_watching_ends_as_soon_as_all_are_ready(kubernetes, namespace, create):
    wanted = [deployment("web", replicas=3), config_map("one")]
    create(*wanted)
    started = time.monotonic()
    found = kubernetes.watch_until_settled(wanted, seconds=60, namespace=namespace)
    assert [status.state for status in found] == ["ready", "ready"]
    assert time.monotonic() - started < 20


def test_watching_ends_as_soon_as_one_has_failed(kubernetes, namespace, create):
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once"},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "a", "image": "registry.example.com/crash:1"}],
                }
            },
        },
    }
    create(job)
    wanted = [deployment("never", image="registry.example.com/fail:1"), job]
    started = time.monotonic()
    found = kubernetes.watch_until_settled(wanted, seconds=60, namespace=namespace)
    assert [status.state for status in found] == ["missing", "failed"]
    assert time.monotonic() - started < 30


def test_watching_ends_with_its_time(kubernetes, namespace):
    started = time.monotonic()
    (found,) = kubernetes.watch_until_settled([config_map("never")], seconds=0.5, namespace=namespace)
    assert found.state == "missing"
    assert 0.5 <= time.monotonic() - started < 10


def test_a_kind_that_comes_later_is_found(kubernetes, namespace, kubectl, create):
    plural = f"things{os.getpid()}"
    thing = {"apiVersion": "lab.example.com/v1", "kind": "Thing", "metadata": {"name": "one"}}
    assert kubernetes.get(key_of(thing, namespace)) is None
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.lab.example.com"},
        "spec": {
            "group": "lab.example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": "Thing"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                    },
                }
            ],
        },
    }
    create(definition)
    try:
        assert kubernetes.watch_until_settled([definition], seconds=20)[0].state == "ready"
        create(thing)
        (found,) = kubernetes.watch_until_settled([thing], seconds=20, namespace=namespace)
        assert found.state == "ready"
    finally:
        kubectl("delete", "crd", definition["metadata"]["name"])


def test_a_claim_that_waits_for_a_pod_is_no_obstacle(kubernetes, namespace, create, kubectl):
    name = f"late-{namespace}"
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": name,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    create(storage_class, claim)
    try:
        (found,) = kubernetes.statuses([claim], namespace=namespace)
        assert (found.state, found.message) == ("ready", "is bound when the first pod uses it")
    finally:
        kubectl("delete", "storageclass", name)


def test_a_namespace_is_created_once_and_its_labels_completed(kubernetes, kubectl, namespace):
    name = f"{namespace}-x"
    assert kubernetes.namespace(name) is None
    try:
        created = kubernetes.ensure_namespace(name, {"team": "shop"})
        assert created["metadata"]["labels"]["team"] == "shop"
        kubectl("label", "namespace", name, "theirs=stays")
        changed = kubernetes.ensure_namespace(name, {"team": "payments", "tier": "dev"})
        labels = changed["metadata"]["labels"]
        assert (labels["team"], labels["tier"], labels["theirs"]) == ("payments", "dev", "stays")
        again = kubernetes.ensure_namespace(name, {"team": "payments"})
        assert again["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def test_two_who_create_a_namespace_at_once_both_succeed(kubernetes, kubectl, namespace):
    name = f"{namespace}-y"
    gate = threading.Barrier(4)

    def ensure(_):
        gate.wait()
        return kubernetes.ensure_namespace(name, {"team": "shop"})["metadata"]["uid"]

    try:
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(ensure, range(4)))) == 1
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def test_a_dry_run_shows_the_result_and_stores_nothing(kubernetes, namespace, create):
    create(config_map("one", a="b", c="d"))
    found = kubernetes.dry_run_apply(config_map("one", a="changed"), "slipway", namespace=namespace)
    assert found["data"] == {"a": "changed", "c": "d"}
    assert kubernetes.get(ObjectKey("v1", "ConfigMap", namespace, "one"))["data"] == {"a": "b", "c": "d"}
    assert kubernetes.dry_run_apply(config_map("new", a="b"), "slipway", namespace=namespace)["data"] == {
        "a": "b"
    }
    assert kubernetes.get(ObjectKey("v1", "ConfigMap", namespace, "new")) is None
    with pytest.raises(ClusterRefused, match="no kind Thing"):
        kubernetes.dry_run_apply(
            {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}, "slipway"
        )
    with pytest.raises(ClusterRefused, match=r"spec\.replicas"):
        kubernetes.dry_run_apply(deployment("web", replicas="many"), "slipway", namespace=namespace)


def test_pods_their_logs_and_events(kubernetes, namespace, create):
    wanted = deployment("web", replicas=2)
    create(wanted)
    kubernetes.watch_until_settled([wanted], seconds=30, namespace=namespace)
    pods = kubernetes.pods(namespace, {"app": "web"})
    assert [pod.ready for pod in pods] == ["1/1", "1/1"]
    assert kubernetes.pods(namespace, "app=other") == []
    lines = kubernetes.logs(namespace, pods[0].name)
    assert lines
    assert {line.container for line in lines} == {"web"}
    assert all(line.time is not None for line in lines)
    assert len(kubernetes.logs(namespace, pods[0].name, "web", tail=1)) == 1
    assert kubernetes.logs(namespace, "no-such-pod") == []
    events = kubernetes.events(namespace, limit=5)
    assert 0 < len(events) <= 5
    assert [event.last_seen for event in events] == sorted(
        (event.last_seen for event in events), reverse=True
    )


def test_who_may_not_is_told_so_in_the_clusters_words(connection, namespace):
    nobody = Kubernetes(connection.impersonating("nobody"))
    for call in (
        lambda: nobody.get(ObjectKey("v1", "Secret", namespace, "a")),
        lambda: nobody.ensure_namespace(f"{namespace}-z", {}),
        lambda: nobody.pods(namespace),
    ):
        with pytest.raises(ClusterForbidden, match='User "nobody" cannot'):
            call()


def test_identities_share_a_client_and_do_not_mix(connection, namespace, create):
    create(config_map("one"))
    key = ObjectKey("v1", "ConfigMap", namespace, "one")
    admin, nobody = Kubernetes(connection), Kubernetes(connection.impersonating("nobody"))

    def ask(index):
        try:
            return (nobody if index % 2 else admin).get(key) is not None
        except ClusterForbidden:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(64))) == [True, False] * 32
