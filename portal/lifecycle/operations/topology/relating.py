"""Which objects belong to an instance, and how they are related; from documents alone, pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portal.clusters.types import Document
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.operations.topology.graph import Edge, Relation

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"})
ROUTES = frozenset({"HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"})
SERVICE_NAME = "kubernetes.io/service-name"
Documents = Mapping[ObjectKey, Document]


def belonging(known: Documents, around: Iterable[Document]) -> dict[ObjectKey, Document]:
    """`known`, and of what stands `around` all that it owns, directly or not, and the claims it uses."""
    found = dict(known)
    left = {key: document for each in around if (key := key_of(document := each)) not in found}
    while True:
        uids = {_uid(document) for document in found.values()}
        more = {key: each for key, each in left.items() if uids & set(owners(each)) or _is_slice(each, found)}
        if not more:
            break
        found |= more
        left = {key: each for key, each in left.items() if key not in more}
    claims = {claim for document in found.values() for claim in _claims(document)}
    return found | {key: each for key, each in left.items() if _is_claim(key, claims, found)}


def edges(found: Documents) -> list[Edge]:
    """Every relation between these objects, each once, in order."""
    by_uid = {_uid(document): key for key, document in found.items()}
    every: set[Edge] = set()
    for key, document in found.items():
        every |= {Edge(by_uid[uid], key, "owns") for uid in owners(document) if uid in by_uid}
        if (service := _service_of_slice(document)) and (owner := _key(found, "Service", service, key)):
            every.add(Edge(owner, key, "owns"))
        for relation, kind, name in _references(document):
            if target := _key(found, kind, name, key):
                every.add(Edge(key, target, relation))
        for relation, selector, kinds in _selections(document):
            every |= {Edge(key, target, relation) for target in _selected(found, selector, kinds, key)}
    return sorted(every)


def owners(document: Mapping[str, Any]) -> list[str]:
    references = (document.get("metadata") or {}).get("ownerReferences") or ()
    return [str(each.get("uid")) for each in references if each.get("uid")]


def matches(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """A LabelSelector; an empty one matches everything."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(rule: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    name, values = str(rule.get("key")), rule.get("values") or ()
    is_there = name in labels
    return {
        "In": is_there and labels.get(name) in values,
        "NotIn": labels.get(name) not in values,
        "Exists": is_there,
        "DoesNotExist": not is_there,
    }.get(str(rule.get("operator")), False)


def _references(document: Document) -> Iterator[tuple[Relation, str, str]]:
    """(relation, kind, name) of what an object names."""
    kind, spec = document.get("kind"), document.get("spec") or {}
    if kind == "Ingress":
        rules = [
            path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()
        ]
        backends = [path.get("backend") or {} for path in rules] + [spec.get("defaultBackend") or {}]
        for backend in backends:
            if name := (backend.get("service") or {}).get("name"):
                yield "routes to", "Service", str(name)
    if kind in ROUTES:
        for rule in spec.get("rules") or ():
            for backend in rule.get("backendRefs") or ():
                yield "routes to", str(backend.get("kind") or "Service"), str(backend.get("name"))
    if target := spec.get("scaleTargetRef"):
        yield "scales", str(target.get("kind")), str(target.get("name"))
    for claim in _claims(document):
        yield "mounts", "PersistentVolumeClaim", claim


def _selections(document: Document) -> Iterator[tuple[Relation, Mapping[str, Any], frozenset[str]]]:
    """(relation, selector, kinds) of what an object selects by labels."""
    kind, spec = document.get("kind"), document.get("spec") or {}
    if kind == "Service" and spec.get("selector"):
        yield "sends to", {"matchLabels": spec["selector"]}, frozenset({"Pod"})
    if kind == "PodDisruptionBudget" and spec.get("selector"):
        yield "protects", spec["selector"], WORKLOADS - {"ReplicaSet"}
    if kind == "NetworkPolicy":
        yield "applies to", spec.get("podSelector") or {}, WORKLOADS - {"ReplicaSet"}


def _selected(
    found: Documents, selector: Mapping[str, Any], kinds: frozenset[str], beside: ObjectKey
) -> Iterator[ObjectKey]:
    for key, document in found.items():
        if (
            key.kind in kinds
            and key.namespace == beside.namespace
            and matches(selector, pod_labels(document))
        ):
            yield key


def pod_labels(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the pod itself, or of those that a workload makes."""
    spec = document.get("spec") or {}
    if document.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    source = document if document.get("kind") == "Pod" else spec.get("template") or {}
    found: Mapping[str, Any] = (source.get("metadata") or {}).get("labels") or {}
    return found


def _claims(document: Mapping[str, Any]) -> list[str]:
    if document.get("kind") != "Pod":
        return []
    volumes = (document.get("spec") or {}).get("volumes") or ()
    return [
        str(each["persistentVolumeClaim"]["claimName"])
        for each in volumes
        if each.get("persistentVolumeClaim")
    ]


def _is_claim(key: ObjectKey, claims: set[str], found: Documents) -> bool:
    """A claim that a pod mounts, or that a StatefulSet made and keeps."""
    if key.kind != "PersistentVolumeClaim":
        return False
    made = [
        rf"{re.escape(str((template.get('metadata') or {}).get('name')))}-{re.escape(owner.name)}-\d+"
        for owner, document in found.items()
        if owner.kind == "StatefulSet"
        for template in (document.get("spec") or {}).get("volumeClaimTemplates") or ()
    ]
    return key.name in claims or any(re.fullmatch(pattern, key.name) for pattern in made)


def _is_slice(document: Document, found: Documents) -> bool:
    name = _service_of_slice(document)
    return bool(name) and _key(found, "Service", name, key_of(document)) is not None


def _service_of_slice(document: Mapping[str, Any]) -> str:
    if document.get("kind") != "EndpointSlice":
        return ""
    return str(((document.get("metadata") or {}).get("labels") or {}).get(SERVICE_NAME) or "")


def _key(found: Documents, kind: str, name: str, beside: ObjectKey) -> ObjectKey | None:
    wanted = (kind, beside.namespace, name)
    return next((key for key in found if (key.kind, key.namespace, key.name) == wanted), None)


def _uid(document: Mapping[str, Any]) -> str:
    return str((document.get("metadata") or {}).get("uid") or id(document))
