"""What the API server itself writes into an object before policies see it: identity, status, addresses.

Its values are a cluster's own and differ each time; here they are placeholders, so that a policy finds the
fields where it would find them. Sources: the registry strategies' PrepareForCreate and PrepareForUpdate,
rest.BeforeCreate and BeforeUpdate, and the recordings in tests/data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.core import clock
from portal.policy.normal_form import Object, empty
from portal.policy.pod_resources import quality_of_service
from portal.policy.structs import struct, struct_name
from portal.policy.types import Document
from portal.policy.volume_defaults import mappings

NO_UID = "00000000-0000-0000-0000-000000000000"
SUFFIX = "xxxxx"
# the longest start of a name that the server generates the rest of
MAX_GENERATED_PREFIX = 58
ADDRESS = "10.96.0.100"
NODE_PORT = 30000
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
# kinds that come with Kubernetes and count their generations; all custom resources do
COUNTED = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job", "CronJob", "Pod"}
    | {"PodDisruptionBudget", "NetworkPolicy", "Ingress", "IngressClass", "PriorityClass", "EndpointSlice"}
    | {"FlowSchema", "PriorityLevelConfiguration", "CustomResourceDefinition"}
    | {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
    | {"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"}
)
FINALIZERS = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
}
PHASES = {"Namespace": "Active", "PersistentVolumeClaim": "Pending", "PersistentVolume": "Pending"}
GIVEN = ("uid", "creationTimestamp", "resourceVersion", "generation", "managedFields")


def created(document: Document) -> Object:
    """The object as policies see it when it is created; `document` has its defaults already."""
    name = struct_name(str(document["apiVersion"]), str(document["kind"]))
    metadata = {**(document.get("metadata") or {})}
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = str(metadata["generateName"])[:MAX_GENERATED_PREFIX] + SUFFIX
    metadata["uid"] = NO_UID
    metadata["creationTimestamp"] = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    for field in ("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"):
        metadata.pop(field, None)
    if not name or document["kind"] in COUNTED:
        metadata["generation"] = 1
    result: Object = {**document, "metadata": metadata}
    if name and "status" in struct(name):
        result["status"] = {**empty(struct(name)["status"].shape.name), **_status(result)}
    prepare = PREPARED.get(str(document["kind"])) if name else None
    if prepare is not None:
        try:
            prepare(result)
        except (AttributeError, TypeError, KeyError):
            # malformed, and refused for it
            return result
    return result


def existing(document: Document) -> Object:
    """An object that is there already: what it lacks of what the server wrote is filled in."""
    arrived = created(document)
    known = document.get("metadata") or {}
    metadata = {**arrived["metadata"], **{key: known[key] for key in GIVEN if key in known}}
    metadata.setdefault("resourceVersion", "1")
    status = document.get("status") or arrived.get("status")
    return {**arrived, "metadata": metadata} | ({"status": status} if status else {})


def updated(document: Document, before: Document) -> Object:
    """The object as policies see it when it takes the place of `before`, which is complete."""
    arrived = created(document)
    metadata, known = arrived["metadata"], before.get("metadata") or {}
    for field in GIVEN:
        metadata.pop(field, None)
        if field in known:
            metadata[field] = known[field]
    changed = document.get("spec") != before.get("spec")
    if changed and isinstance(metadata.get("generation"), int):
        metadata["generation"] += 1
    if "status" in arrived and before.get("status") is not None:
        arrived["status"] = before["status"]
    return arrived


def _status(document: Document) -> Object:
    kind = document["kind"]
    if kind in PHASES:
        return {"phase": PHASES[str(kind)]}
    if kind == "Node":
        # registers with its own
        return dict(document.get("status") or {})
    if kind == "Pod":
        return {"phase": "Pending", "qosClass": quality_of_service(document.get("spec"))}
    if kind == "CustomResourceDefinition":
        versions = mappings((document.get("spec") or {}).get("versions"))
        return {"storedVersions": [version.get("name") for version in versions if version.get("storage")]}
    return {}


def _protect(document: Object) -> None:
    """Volumes and claims are not removed while they are in use."""
    finalizers = list(document["metadata"].get("finalizers") or ())
    wanted = FINALIZERS[document["kind"]]
    document["metadata"]["finalizers"] = finalizers if wanted in finalizers else [*finalizers, wanted]


def _addresses(document: Object) -> None:
    """A Service gets its address, and ports of the nodes when it needs them."""
    spec = {**(document.get("spec") or {})}
    kind = spec.get("type")
    if kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec.setdefault("clusterIP", ADDRESS)
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)):
        ports = [dict(port) for port in mappings(spec.get("ports"))]
        for number, port in enumerate(ports):
            port.setdefault("nodePort", NODE_PORT + number)
        spec["ports"] = ports
    if kind == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        spec.setdefault("healthCheckNodePort", NODE_PORT + len(spec.get("ports") or ()))
    document["spec"] = spec


def _template_generation(document: Object) -> None:
    annotations = document["metadata"].get("annotations") or {}
    document["metadata"]["annotations"] = {**annotations, TEMPLATE_GENERATION: "1"}


def _job(document: Object) -> None:
    """A Job without a selector of its own gets one, and its Pods the labels that it selects."""
    spec = {**document["spec"]}
    if spec.get("manualSelector") is True:
        return
    uid, name = NO_UID, document["metadata"].get("name", "")
    labels = {
        **((spec["template"].get("metadata") or {}).get("labels") or {}),
        "controller-uid": uid,
        "batch.kubernetes.io/controller-uid": uid,
        "job-name": name,
        "batch.kubernetes.io/job-name": name,
    }
    template = {**spec["template"]}
    template["metadata"] = {**(template.get("metadata") or {}), "labels": labels}
    selector = spec.get("selector") or {}
    matched = {**(selector.get("matchLabels") or {}), "batch.kubernetes.io/controller-uid": uid}
    document["spec"] = {**spec, "template": template, "selector": {**selector, "matchLabels": matched}}


PREPARED: Mapping[str, Callable[[Any], None]] = {
    "PersistentVolumeClaim": _protect,
    "PersistentVolume": _protect,
    "Service": _addresses,
    "DaemonSet": _template_generation,
    "Job": _job,
}
