"""Every way of tampering with everything that the library brings, by dice: all is found, nothing else is."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest

from portal.core.objects import ObjectKey
from portal.lifecycle.models import DriftItem, ServiceInstance
from portal.lifecycle.operations.field_paths import is_within
from tests.lifecycle.drift import tampering
from tests.lifecycle.drift.seen import Cluster, items, scan, shown
from tests.lifecycle.drift.test_clean import VALUES

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
SEED = int(os.environ.get("SLIPWAY_DRIFT_SEED", "20261126"))
ROUNDS = 6
MANAGERS = ("kubectl-edit", "kubectl-patch", "node-fetch", "python-requests", "Go-http-client")
Expected = dict[ObjectKey, list[tampering.Tampering]]


@pytest.fixture
def library(namespace: ServiceInstance, run: Any) -> list[ServiceInstance]:
    """One of each offering, with as many kinds of objects as it can have."""
    services = {
        "web-service": {**VALUES["web-service"], "replicas": 2},
        "worker": VALUES["worker"],
        "postgresql": {},
        "redis": {},
    }
    return [
        namespace,
        *(run(offering=slug, name=f"a-{slug}", values=values) for slug, values in services.items()),
    ]


def test_whatever_somebody_changes_is_found_and_nothing_else(library, cluster: Cluster):
    """Round after round on the same objects; each round touches every object once, somewhere else."""
    dice = random.Random(SEED)
    print(f"seed {SEED} (SLIPWAY_DRIFT_SEED)")
    for instance in library:
        assert scan(instance).status == "in_step", shown(instance)
    expected: dict[int, Expected] = {instance.pk: {} for instance in library}
    done: Counter[str] = Counter()
    for _ in range(ROUNDS):
        for instance in library:
            for key in cluster.keys(instance):
                made = _tamper(cluster, key, dice, expected[instance.pk].setdefault(key, []))
                done.update(f"{key.kind}: {what}" for what in made)
            _check(instance, expected[instance.pk])
    print(f"{sum(done.values())} of {len(done)} sorts: {dict(sorted(done.items()))}")
    assert sum(done.values()) > 100
    assert len(done) > 40


def _tamper(cluster: Cluster, key: ObjectKey, dice: random.Random, before: list[Any]) -> list[str]:
    """What was done, if the cluster let it; somewhere that nobody has touched yet."""
    document = cluster.get(key)
    for wanted in tampering.of(key, document, dice):
        if any(is_within(wanted.path, each.path) or is_within(each.path, wanted.path) for each in before):
            continue
        answer = cluster.patch(key, list(wanted.operations), dice.choice(MANAGERS))
        if answer.status == 200 and answer.body["metadata"]["resourceVersion"] != _version(document):
            before.append(wanted)
            return [wanted.what]
    return []


def _version(document: dict[str, Any]) -> str:
    return document["metadata"]["resourceVersion"]


def _check(instance: ServiceInstance, expected: Expected) -> None:
    assert scan(instance).status == "drifted"
    found = items(instance)
    for key, tamperings in expected.items():
        for wanted in tamperings:
            hits = [item for item in found if item.key == key and is_within(item.path, wanted.path)]
            hits += [item for item in found if item.key == key and is_within(wanted.path, item.path)]
            assert hits, (f"not found: {key} {wanted}", shown(instance))
            assert not wanted.how or any(item.how == wanted.how for item in hits), (wanted, shown(instance))
    for item in found:
        paths = [each.path for each in expected.get(item.key, ())]
        near = [path for path in paths if is_within(item.path, path) or is_within(path, item.path)]
        assert near, (f"false alarm: {item} {item.how}", item.live, item.manager)
    assert not any("Intruder" in f"{item.live}{item.sealed}" or "SW50" in f"{item.live}" for item in found)


def test_whole_objects_are_missing_or_foreign(library, cluster: Cluster):
    dice = random.Random(SEED)
    for instance in library:
        scan(instance)
        key = dice.choice([key for key in cluster.keys(instance) if key.kind != "Namespace"])
        cluster.delete(key)
        assert scan(instance).missing == 1, shown(instance)
        assert [(item.key, item.how, item.path) for item in items(instance)] == [(key, "missing", "")]
    for instance in library:
        for document in _strangers(instance, dice):
            cluster.create(document)
        report = scan(instance)
        foreign = {item.key.kind for item in items(instance) if item.how == "foreign"}
        assert foreign == {document["kind"] for document in _strangers(instance, dice)}, shown(instance)
        assert report.missing == 1
    assert set(DriftItem.objects.filter(how="foreign").values_list("manager", flat=True)) == {
        "kubectl-create"
    }


def _strangers(instance: ServiceInstance, dice: random.Random) -> list[dict[str, Any]]:
    """What bears the release's marks and was never sealed; of a namespace what governs it, marks or not."""
    labels = {"app.kubernetes.io/instance": instance.name}
    metadata = {"name": f"stranger-{instance.pk}", "namespace": instance.namespace}
    if instance.is_namespace:
        spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
        policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "roleRef": role,
            "subjects": [{"kind": "User", "name": "mallory", "apiGroup": "rbac.authorization.k8s.io"}],
        }
        return [{**policy, "metadata": metadata}, {**binding, "metadata": metadata}]
    config = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}
    annotations = {
        "meta.helm.sh/release-name": instance.name,
        "meta.helm.sh/release-namespace": instance.namespace,
    }
    helms = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": annotations}
    service = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}}
    return [
        {**config, "metadata": {**metadata, "labels": labels}},
        {**service, "metadata": {**metadata, **helms}},
    ]


def test_kubectl_diff_the_control_sees_nothing_of_what_is_put_besides(library, cluster: Cluster, kubectl):
    """Applying the release again would leave it, so that no dry run tells: managedFields do."""
    web = library[1]
    kubectl("set", "env", f"deployment/{web.name}", "EVIL=1")
    kubectl("label", f"service/{web.name}", "example.com/evil=yes")
    (subject_key,) = [key for key in cluster.keys(web) if key.kind == "Deployment"]
    sealed = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": web.name}}
    before = cluster.get(subject_key)
    made = cluster.sandbox.request(
        "PATCH",
        f"{cluster.path(subject_key)}?fieldManager=helm&force=true&dryRun=All",
        {**sealed, "spec": _helms_spec(web)},
        content_type="application/apply-patch+yaml",
    ).body
    assert made["spec"]["template"] == before["spec"]["template"]
    assert scan(web).added == 3, shown(web)


def _helms_spec(instance: ServiceInstance) -> dict[str, Any]:
    documents = instance.current_release.objects_masked
    (spec,) = [document["spec"] for document in documents if document["kind"] == "Deployment"]
    return spec
