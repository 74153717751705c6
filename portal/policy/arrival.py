"""What the API server itself writes into an object before policies see it: identity, status, addresses.

Its values are a cluster's own and differ each time; here they are stand-ins, so that a policy finds the
fields where it would find them. Sources: the registry strategies' PrepareForCreate and PrepareForUpdate,
rest.BeforeCreate and BeforeUpdate, and the recordings in tests/data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.core import clock
from portal.policy.arrival_parts import ADDRESS, NO_UID, PREPARED
from portal.policy.normal_form import Object, empty
from portal.policy.pod_resources import quality_of_service
from portal.policy.structs import struct, struct_name
from portal.policy.types import Document
from portal.policy.volume_defaults import mappings

__all__ = ["ADDRESS", "NO_UID", "created", "existing", "updated"]

SUFFIX = "xxxxx"
# the longest start of a name that the server generates the rest of
MAX_GENERATED_PREFIX = 58
# kinds that come with Kubernetes and count their generations; all custom resources do
COUNTED = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job", "CronJob", "Pod"}
    | {"PodDisruptionBudget", "NetworkPolicy", "Ingress", "IngressClass", "PriorityClass", "EndpointSlice"}
    | {"FlowSchema", "PriorityLevelConfiguration", "CustomResourceDefinition"}
    | {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
    | {"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"}
)
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
        return _pod_status(document.get("spec"))
    if kind == "CustomResourceDefinition":
        versions = mappings((document.get("spec") or {}).get("versions"))
        return {"storedVersions": [version.get("name") for version in versions if version.get("storage")]}
    return {}


def _pod_status(spec: Any) -> Object:
    status: Object = {"phase": "Pending", "qosClass": quality_of_service(spec)}
    if isinstance(spec, Mapping) and spec.get("schedulingGates"):
        gated = "Scheduling is blocked due to non-empty scheduling gates"
        condition = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": gated}
        status["conditions"] = [{**condition, "lastProbeTime": None, "lastTransitionTime": None}]
    return status
