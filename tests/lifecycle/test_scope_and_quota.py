"""What a team's release may hold, and what it counts."""

from decimal import Decimal

import pytest

from portal.lifecycle.operations import quota, scope


def doc(kind, name="x", namespace="shop-dev", api="v1", **more):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def problems(*documents, cluster_scoped=False):
    return scope.problems(documents, namespace="shop-dev", cluster_scoped=cluster_scoped)


def test_own_namespace_written_out_or_left_to_helm_is_fine():
    assert problems(doc("ConfigMap"), doc("Secret", namespace="")) == []


@pytest.mark.parametrize(
    ("kind", "api"),
    [
        ("ClusterRole", "rbac.authorization.k8s.io/v1"),
        ("RoleBinding", "rbac.authorization.k8s.io/v1"),
        ("Namespace", "v1"),
        ("ResourceQuota", "v1"),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
        ("Gear", "lab.example.com/v1"),
        ("ConfigMap", "v2"),
    ],
)
def test_other_kinds_are_refused(kind, api):
    (problem,) = problems(doc(kind, api=api))
    assert kind in problem


def test_another_namespace_is_refused():
    (problem,) = problems(doc("ConfigMap", namespace="kube-system"))
    assert "kube-system" in problem


def test_the_same_object_twice_is_refused_also_for_platform_offerings():
    assert problems(doc("ConfigMap"), doc("ConfigMap", namespace=""), cluster_scoped=True)


def test_a_document_without_a_kind_is_refused():
    assert problems({"metadata": {"name": "x"}})


def test_cluster_scoped_offerings_may_go_further():
    assert (
        problems(doc("Namespace", namespace=""), doc("ClusterRole", namespace=""), cluster_scoped=True) == []
    )


def pod_spec(cpu="100m", memory="64Mi"):
    resources = {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": "1", "memory": "128Mi"}}
    return {"containers": [{"name": "a", "resources": resources}]}


def test_replicas_and_volumes_are_counted():
    workload = doc(
        "StatefulSet",
        api="apps/v1",
        spec={
            "replicas": 3,
            "template": {"spec": pod_spec()},
            "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "1Gi"}}}}],
        },
    )
    usage = quota.usage_of([workload])
    assert usage["requests.cpu"] == Decimal("0.3")
    assert usage["limits.memory"] == 3 * 128 * 1024**2
    assert usage["pods"] == 3
    assert usage["requests.storage"] == 3 * 1024**3


def test_an_init_container_counts_only_where_it_needs_more():
    spec = {
        **pod_spec(cpu="100m"),
        "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "500m"}}}],
    }
    assert quota.usage_of([doc("Pod", spec=spec)])["requests.cpu"] == Decimal("0.5")


def test_only_growth_beyond_the_limit_is_refused():
    zero = quota.usage_of([])
    small = quota.usage_of([doc("Pod", spec=pod_spec(cpu="1"))])
    large = quota.usage_of([doc("Pod", spec=pod_spec(cpu="3"))])
    hard = quota.hard_limits([doc("ResourceQuota", spec={"hard": {"requests.cpu": "2", "pods": "5"}})])
    (cpu, pods) = quota.lines(others=zero, before=zero, after=large, hard=hard)
    assert (cpu.resource, cpu.used, cpu.after, cpu.hard, cpu.exceeded) == (
        "requests.cpu",
        "0",
        "3",
        "2",
        True,
    )
    assert not pods.exceeded
    shrinking = quota.lines(
        others=zero, before=large, after=quota.usage_of([doc("Pod", spec=pod_spec(cpu="2500m"))]), hard=hard
    )
    assert not shrinking[0].exceeded
    assert not quota.lines(others=zero, before=zero, after=small, hard=hard)[0].exceeded
