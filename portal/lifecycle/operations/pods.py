"""The pods of an instance, as the cluster has them now, the unwell first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.clusters.containers import Container, containers_of
from portal.clusters.explanations import Explanation, explain
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.pods import pod_of
from portal.clusters.types import Document, Pod
from portal.core.errors import NotFound
from portal.core.names import DNS_LABEL
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.observation import namespaced
from portal.lifecycle.operations.topology import reading, standing
from portal.lifecycle.operations.topology.graph import NodeState

ORDER = ("failed", "missing", "waiting", "working", "unknown", "ready", "quiet")
# a pod, its ReplicaSet, its Deployment, and what an operator puts on top
MOST_OWNERS = 5
LONGEST_NAME = 253


@dataclass(frozen=True)
class PodDetail:
    """One pod; `reason` is Kubernetes' one word for what is wrong, `owner` what made it."""

    pod: Pod
    state: NodeState
    message: str
    reason: str
    owner: str
    containers: tuple[Container, ...]

    @property
    def explanation(self) -> Explanation | None:
        return explain(self.reason) if self.reason else None


def read(instance: ServiceInstance) -> list[PodDetail]:
    """Raises ClusterError."""
    found = [detail_of(document) for document in reading.scene(instance).pods]
    return sorted(found, key=lambda each: (ORDER.index(each.state), each.pod.name))


def detail_of(document: Document) -> PodDetail:
    state, message, reason = standing.of_pod(document)
    owners = (document.get("metadata") or {}).get("ownerReferences") or []
    return PodDetail(
        pod=pod_of(document),
        state=state,
        message=message,
        reason=reason,
        owner=f"{owners[0].get('kind')}/{owners[0].get('name')}" if owners else "",
        containers=containers_of(document),
    )


def find(instance: ServiceInstance, name: str) -> Document:
    """One pod of this instance, and no other's. Raises NotFound and ClusterError."""
    absent = NotFound(f"There is no pod {name[:80]} of {instance} any more. Open its list of pods again.")
    is_name = len(name) <= LONGEST_NAME and all(map(DNS_LABEL.fullmatch, name.split(".")))
    if instance.current_release is None or not is_name:
        raise absent
    cluster = Kubernetes(instance.environment.cluster.connection, timeout_seconds=reading.SECONDS)
    pod = cluster.get(ObjectKey("v1", "Pod", instance.namespace, name))
    if pod is None or not _grew_from(instance, pod, cluster):
        raise absent
    return pod


def _grew_from(instance: ServiceInstance, pod: Document, cluster: Kubernetes) -> bool:
    """Whether the pod, or what made it, or what made that, is an object of the release."""
    release = instance.current_release
    documents = namespaced(release.objects_masked if release else (), instance)
    sealed = {_identity(key_of(document)) for document in documents}
    current: Document | None = pod
    for _ in range(MOST_OWNERS):
        if current is None:
            return False
        if _identity(key_of(current)) in sealed:
            return True
        above = _controller(current, instance.namespace)
        current = cluster.get(above) if above else None
    return False


def _identity(key: ObjectKey) -> tuple[str, str, str, str]:
    """Whatever version of its group somebody speaks."""
    return key.group, key.kind, key.namespace, key.name


def _controller(document: Mapping[str, Any], namespace: str) -> ObjectKey | None:
    references = (document.get("metadata") or {}).get("ownerReferences") or []
    owner = next((each for each in references if each.get("controller")), None)
    if owner is None:
        return None
    return ObjectKey(str(owner["apiVersion"]), str(owner["kind"]), namespace, str(owner["name"]))
