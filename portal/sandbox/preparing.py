"""What the API server sets, keeps or resets on an object before it is validated (rest.BeforeCreate,
BeforeUpdate)."""

from __future__ import annotations

import random
import uuid

from portal.sandbox import objects, pods, statuses
from portal.sandbox.contexts import Operation, RequestContext
from portal.sandbox.objects import Object, meta, name_of, namespace_of
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import ApiError, bad_request

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX = 5
_LONGEST_BASE = 63 - _SUFFIX
# metadata that only the server writes
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
# kinds whose changes are counted although they have no spec of their own
_WITHOUT_GENERATION = {
    ("", "Namespace"), ("", "Node"), ("", "PersistentVolume"), ("", "PersistentVolumeClaim"),
    ("", "Service"), ("", "ResourceQuota"), ("", "Event"), ("", "ConfigMap"), ("", "Secret"),
    ("", "ServiceAccount"), ("", "LimitRange"), ("", "Endpoints"), ("", "PodTemplate"),
    ("autoscaling", "HorizontalPodAutoscaler"), ("coordination.k8s.io", "Lease"),
}  # fmt: skip
_INITIAL_STATUS: dict[tuple[str, str], Object] = {
    ("", "Namespace"): {"phase": "Active"},
    ("", "Pod"): {"phase": "Pending"},
    ("", "PersistentVolumeClaim"): {"phase": "Pending"},
    ("", "PersistentVolume"): {"phase": "Pending"},
    ("", "Service"): {"loadBalancer": {}},
    ("networking.k8s.io", "Ingress"): {"loadBalancer": {}},
    ("", "ReplicationController"): {"replicas": 0},
    ("apps", "ReplicaSet"): {"replicas": 0},
    ("apps", "StatefulSet"): {"replicas": 0, "availableReplicas": 0},
    ("apps", "DaemonSet"): {
        "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
    },
    ("policy", "PodDisruptionBudget"): {
        "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
    },
    ("autoscaling", "HorizontalPodAutoscaler"): {"currentMetrics": None, "desiredReplicas": 0},
}  # fmt: skip


def has_generation(resource: Resource) -> bool:
    return (resource.group, resource.kind) not in _WITHOUT_GENERATION and not resource.group.startswith(
        "rbac."
    )


def generated_name(base: str) -> str:
    suffix = "".join(random.choice(_ALPHABET) for _ in range(_SUFFIX))  # noqa: S311 a name, not a secret
    return f"{base[:_LONGEST_BASE]}{suffix}"


def for_create(resource: Resource, obj: Object) -> None:
    """Fill in the server's metadata in place; status starts as the kind's own."""
    metadata = meta(obj)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"])
    metadata.setdefault("name", "")
    for field in (
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "selfLink",
    ):
        metadata.pop(field, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = objects.now()
    if resource.custom or (has_generation(resource) and (resource.has_status or "spec" in obj)):
        metadata["generation"] = 1
    if resource.has_status:
        obj.pop("status", None)
        if not resource.custom:
            obj["status"] = _initial_status(resource, obj)
    _order_metadata(obj)


def _initial_status(resource: Resource, obj: Object) -> Object:
    if resource.kind == "CustomResourceDefinition":
        versions = (obj.get("spec") or {}).get("versions") or ()
        stored = [each.get("name", "") for each in versions if each.get("storage")]
        return {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}
    found: Object = objects.clone(_INITIAL_STATUS.get((resource.group, resource.kind)) or {})
    return found


def after_admission(resource: Resource, obj: Object) -> None:
    """What depends on what admission has filled in: a pod's quality of service."""
    if resource.kind == "Pod" and not resource.group:
        obj["status"] = {**(obj.get("status") or {}), "qosClass": pods.qos_class(obj["spec"])}


def _order_metadata(obj: Object) -> None:
    """The order in which Go prints metadata, for those who read YAML."""
    metadata = obj["metadata"]
    order = ("name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp")
    obj["metadata"] = {
        **{name: metadata[name] for name in order if metadata.get(name)},
        **{name: value for name, value in metadata.items() if name not in order},
    }
    if not metadata.get("name"):
        obj["metadata"]["name"] = ""


def for_update(resource: Resource, existing: Object, new: Object, subresource: str) -> None:
    """Keep in place what this endpoint cannot change."""
    old, fresh = existing["metadata"], meta(new)
    for field in _KEPT:
        if field in old:
            fresh[field] = old[field]
        else:
            fresh.pop(field, None)
    fresh["name"] = old["name"]
    if "namespace" in old:
        fresh["namespace"] = old["namespace"]
    if "generateName" in old:
        fresh.setdefault("generateName", old["generateName"])
    fresh["resourceVersion"] = old["resourceVersion"]
    if subresource == "status":
        _only_status(resource, existing, new)
    elif resource.has_status and not subresource:
        _keep(existing, new, "status")
    elif subresource in ("ephemeralcontainers", "finalize", "approval"):
        _only_section(existing, new, subresource)
    fresh.setdefault("managedFields", [])
    if old.get("managedFields"):
        fresh["managedFields"] = old["managedFields"]
    else:
        fresh.pop("managedFields")
    _order_metadata(new)


def _keep(existing: Object, new: Object, field: str) -> None:
    if field in existing:
        new[field] = existing[field]
    else:
        new.pop(field, None)


def _only_status(resource: Resource, existing: Object, new: Object) -> None:
    for field in [*new, *existing]:
        if field not in ("status", "metadata"):
            _keep(existing, new, field)
    metadata, old = new["metadata"], existing["metadata"]
    if resource.custom:
        new["metadata"] = {**old}
        return
    kept = ["ownerReferences", "finalizers"] if resource.kind == "Pod" else ["ownerReferences"]
    if resource.group in ("apps", "batch"):
        kept.append("labels")
    for field in kept:
        if field in old:
            metadata[field] = old[field]
        else:
            metadata.pop(field, None)


def _only_section(existing: Object, new: Object, subresource: str) -> None:
    spec = new.get("spec") or {}
    status = new.get("status")
    for field in [*new, *existing]:
        if field != "metadata":
            _keep(existing, new, field)
    new["metadata"] = {**existing["metadata"]}
    key = {"ephemeralcontainers": "ephemeralContainers", "finalize": "finalizers"}.get(subresource, "")
    if key:
        new["spec"] = objects.without(existing.get("spec") or {}, key)
        if spec.get(key):
            new["spec"][key] = spec[key]
    elif status is not None:
        new["status"] = status


def bump_generation(resource: Resource, existing: Object, new: Object) -> None:
    """Count a change of what the object asks for; status and metadata do not count."""
    if "generation" not in existing["metadata"]:
        return
    fields = {*existing, *new} - {"metadata", "status", "apiVersion", "kind"}
    if any(existing.get(field) != new.get(field) for field in fields):
        new["metadata"]["generation"] = existing["metadata"]["generation"] + 1


def same(existing: Object, new: Object, *, ignore_managers: bool = False) -> bool:
    """Whether nothing changed but, at most, the times in managedFields (and so nothing need be written)."""
    return _comparable(existing, ignore_managers) == _comparable(new, ignore_managers)


def _comparable(obj: Object, ignore_managers: bool) -> Object:
    metadata = objects.without(obj["metadata"], "managedFields", "resourceVersion")
    if not ignore_managers:
        metadata["managedFields"] = [
            objects.without(entry, "time") for entry in obj["metadata"].get("managedFields") or ()
        ]
    return {**obj, "metadata": metadata}


def check_version(resource: Resource, existing: Object, obj: Object) -> None:
    """Optimistic concurrency: raises Conflict when the object moved on, or is another one by now."""
    metadata, current = meta(obj), existing["metadata"]
    name = current["name"]
    uid = metadata.get("uid")
    if uid and uid != current["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {current['uid']}"
        raise statuses.conflict(resource, name, why)
    version = metadata.get("resourceVersion")
    if version and version != current["resourceVersion"]:
        raise statuses.conflict(resource, name)


def check_identity(resource: Resource, existing: Object, patched: Object) -> None:
    """A patch cannot rename, move or retype an object."""
    if name_of(patched) != name_of(existing):
        errors = [statuses.field_invalid("metadata.name", name_of(patched), "field is immutable")]
        raise statuses.invalid_object(resource, name_of(existing), errors)
    if namespace_of(patched) != namespace_of(existing):
        raise bad_request("the namespace of the object does not match the namespace on the request")
    if (patched.get("apiVersion"), patched.get("kind")) != (existing["apiVersion"], existing["kind"]):
        raise bad_request(
            f"the kind of the patched object ({patched.get('apiVersion')}, {patched.get('kind')}) "
            f"does not match"
        )


def for_apply(resource: Resource, namespace: str, name: str, config: Object, live: Object | None) -> Object:
    """Check an applied configuration's identity; returns it with name and namespace filled in."""
    metadata = dict(config.get("metadata") or {})
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    found = (config.get("apiVersion"), config.get("kind"))
    if found != (resource.group_version, resource.kind):
        raise bad_request(
            f"invalid object type: {found[0]}, Kind={found[1]} does not match {resource.group_version}, "
            f"Kind={resource.kind}"
        )
    if metadata.setdefault("name", name) != name:
        raise bad_request(
            f"name in the object ({metadata['name']}) does not match the name on the request ({name})"
        )
    if namespace and metadata.setdefault("namespace", namespace) != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if live is None and metadata.get("uid"):
        raise statuses.conflict(
            resource,
            name,
            f"uid mismatch: the provided object specified uid {metadata['uid']}, and no existing "
            "object was found",
        )
    if live is not None:
        check_version(resource, live, {"metadata": metadata})
    metadata.pop("resourceVersion", None)
    metadata.pop("creationTimestamp", None)
    return {**config, "metadata": metadata}


def options(operation: Operation, ctx: RequestContext) -> Object:
    """The options object that admission sees."""
    kind = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}.get(
        operation, ""
    )
    found: Object = {"apiVersion": "meta.k8s.io/v1", "kind": kind}
    if ctx.dry_run:
        found["dryRun"] = ["All"]
    if operation == "DELETE":
        if ctx.propagation:
            found["propagationPolicy"] = ctx.propagation
        if ctx.grace_period_seconds is not None:
            found["gracePeriodSeconds"] = ctx.grace_period_seconds
    elif ctx.field_manager:
        found["fieldManager"] = ctx.field_manager
    return found


def manager_required() -> ApiError:
    """Apply without a field manager."""
    error = statuses.field_required("fieldManager", "is required for apply patch")
    return statuses.invalid("meta.k8s.io", "PatchOptions", "", [error])
