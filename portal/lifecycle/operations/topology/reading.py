"""Asking the cluster for an instance's objects and all that grew from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.clusters import surroundings
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.pods import time_of
from portal.clusters.surroundings import Kind
from portal.clusters.types import Document
from portal.core import clock
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.observation import namespaced
from portal.lifecycle.operations.topology import relating, standing
from portal.lifecycle.operations.topology.graph import Edge, Node, NodeState, Topology

SECONDS = 5.0
POD, REPLICA_SET = ("v1", "Pod"), ("apps/v1", "ReplicaSet")
CLAIM, SLICE = ("v1", "PersistentVolumeClaim"), ("discovery.k8s.io/v1", "EndpointSlice")
JOB, SERVICE = ("batch/v1", "Job"), ("v1", "Service")
STATEFUL_SET, DEPLOYMENT = ("apps/v1", "StatefulSet"), ("apps/v1", "Deployment")
# what the controller of a kind makes, directly and further on
MAKES: Mapping[str, tuple[Kind, ...]] = {
    "Deployment": (REPLICA_SET, POD, CLAIM),
    "ReplicaSet": (POD, CLAIM),
    "StatefulSet": (POD, CLAIM),
    "DaemonSet": (POD, CLAIM),
    "Job": (POD, CLAIM),
    "CronJob": (JOB, POD, CLAIM),
    "Pod": (CLAIM,),
    "Service": (SLICE, POD),
}
# of a kind that only its own operator knows
MAY_MAKE = (STATEFUL_SET, DEPLOYMENT, REPLICA_SET, JOB, POD, SERVICE, SLICE, CLAIM)
# groups without a dot, and these, are Kubernetes' own: none of their other kinds makes anything
OWN_GROUPS = ("k8s.io",)


@dataclass(frozen=True)
class Scene:
    """`sealed` has each object of the release, None where the cluster lacks it; `found` all that is there."""

    sealed: dict[ObjectKey, Document | None]
    found: dict[ObjectKey, Document]
    documents: dict[ObjectKey, Mapping[str, Any]]
    unread: tuple[str, ...]

    @property
    def pods(self) -> list[Document]:
        return [document for key, document in self.found.items() if key.kind == "Pod"]


def scene(instance: ServiceInstance, *, seconds: float = SECONDS) -> Scene:
    """Everything of the current release, as it is now. `seconds` bound each request. Raises ClusterError."""
    release = instance.current_release
    if release is None:
        return Scene({}, {}, {}, ())
    connection = instance.environment.cluster.connection
    documents = namespaced(release.objects_masked, instance)
    live = Kubernetes(connection, timeout_seconds=seconds).live(documents)
    wanted = kinds_around(live)
    around = surroundings.read(connection, instance.namespace, wanted, seconds=seconds)
    known = {key: document for key, document in live.items() if document is not None}
    found = relating.belonging(known, around.documents)
    return Scene(live, found, _by_key(live, documents), around.unread + around.cut)


def kinds_around(sealed: Iterable[ObjectKey]) -> list[Kind]:
    """What to list, by the kinds that a release has."""
    wanted: dict[Kind, None] = {}
    for key in sealed:
        makes = MAKES.get(key.kind, () if _is_own(key) else MAY_MAKE)
        wanted |= dict.fromkeys(makes)
    return sorted(wanted)


def read(instance: ServiceInstance, *, seconds: float = SECONDS) -> Topology:
    """Raises ClusterError."""
    return drawn(scene(instance, seconds=seconds))


def drawn(seen: Scene) -> Topology:
    edges = relating.edges(seen.found)
    earlier = {key for key, document in seen.found.items() if _is_earlier(key, document)}
    states = {key: standing.of_pod(each)[0] for key, each in seen.found.items() if key.kind == "Pod"}
    nodes = [
        _node(key, seen, edges, states, earlier)
        for key in [*seen.sealed, *sorted(set(seen.found) - set(seen.sealed))]
        if key not in earlier
    ]
    shown = {node.key for node in nodes}
    kept = tuple(edge for edge in edges if edge.source in shown and edge.target in shown)
    return Topology(tuple(nodes), kept, clock.now(), seen.unread)


def sealed_only(instance: ServiceInstance) -> Topology:
    """What the release says that there is, where nobody knows how it is."""
    release = instance.current_release
    documents = namespaced(release.objects_masked, instance) if release else []
    keyed = {key_of(document): document for document in documents}
    nodes = tuple(Node(key, "unknown", "", sealed=True) for key in keyed)
    return Topology(nodes, tuple(relating.edges(keyed)), None)


def _node(
    key: ObjectKey,
    seen: Scene,
    edges: list[Edge],
    states: Mapping[ObjectKey, NodeState],
    earlier: set[ObjectKey],
) -> Node:
    live, reason = seen.found.get(key), ""
    if live is not None and key.kind == "Pod":
        state, message, reason = standing.of_pod(live)
    elif live is not None and key.kind == "Service":
        pods = [edge.target for edge in edges if (edge.source, edge.relation) == (key, "sends to")]
        state, message = standing.of_service(live, [(seen.found[pod], states[pod]) for pod in pods])
    else:
        state, message = standing.of(live, seen.documents.get(key) or live or {})
    left_off = sum(1 for edge in edges if edge.source == key and edge.target in earlier)
    made = time_of(((live or {}).get("metadata") or {}).get("creationTimestamp"))
    return Node(key, state, message, key in seen.sealed, made, reason, left_off)


def _is_earlier(key: ObjectKey, document: Document) -> bool:
    """A ReplicaSet that a Deployment keeps to go back to."""
    spec, status = document.get("spec") or {}, document.get("status") or {}
    return key.kind == "ReplicaSet" and spec.get("replicas") == 0 and not status.get("replicas")


def _is_own(key: ObjectKey) -> bool:
    return "." not in key.group or key.group.endswith(OWN_GROUPS)


def _by_key(
    live: Mapping[ObjectKey, Document | None], documents: Iterable[Mapping[str, Any]]
) -> dict[ObjectKey, Mapping[str, Any]]:
    """What was sealed, by the key under which the cluster was asked for it."""
    names = {(key.kind, key.name): key for key in live}
    return {
        names[mine]: document
        for document in documents
        if (mine := (str(document.get("kind")), key_of(document).name)) in names
    }
