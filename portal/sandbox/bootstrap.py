"""What every cluster is born with: namespaces, built-in roles, a storage class, the API's own Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.sandbox.contexts import system_context
from portal.sandbox.controllers.volumes import standard_class
from portal.sandbox.objects import Object
from portal.sandbox.rbac import builtin

if TYPE_CHECKING:
    from portal.sandbox.cluster import Cluster

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
CONTEXT = system_context("kube-apiserver")


def run(cluster: Cluster) -> None:
    """Create what is missing. What somebody changed since stays as it is."""
    for name in NAMESPACES:
        ensure(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for role in builtin.cluster_roles():
        ensure(cluster, role)
    for binding in builtin.cluster_role_bindings():
        ensure(cluster, binding)
    ensure(cluster, standard_class())
    ensure(cluster, _api_service())


def ensure(cluster: Cluster, obj: Object) -> None:
    """Create `obj` unless there is one of its name."""
    resource = cluster.resources.by_api_version(obj["apiVersion"], obj["kind"])
    if resource is None:
        raise KeyError(f"{obj['apiVersion']} {obj['kind']}")
    metadata = obj["metadata"]
    if cluster.store.get(resource, metadata.get("namespace"), metadata["name"]) is None:
        cluster.registry.create(resource, obj, ctx=CONTEXT)


def _api_service() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": "10.250.0.1",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 16443}],
        },
    }
