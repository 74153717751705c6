"""The scale subresource: a view of a workload's replicas, and writing through it."""

from __future__ import annotations

from typing import Any

from portal.sandbox import statuses
from portal.sandbox.contexts import RequestContext
from portal.sandbox.managedfields import Manager, Managers
from portal.sandbox.objects import Object, clone, dig
from portal.sandbox.resources import Resource
from portal.sandbox.selectors import text_of

_REPLICAS = ("f:spec", "f:replicas")
_PATHS = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def paths(resource: Resource) -> Object:
    """Where a custom resource keeps what a Scale shows; workloads keep it where all of them do."""
    return dict(getattr(resource.subresources["scale"], "paths", None) or _PATHS)


def _at(obj: Object, path: str) -> Any:
    return dig(obj, *path.lstrip(".").split("."))


def of(resource: Resource, parent: Object) -> Object:
    """The Scale of a workload."""
    metadata = parent["metadata"]
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    found = paths(resource)
    result: Object = {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in names if name in metadata},
        "spec": {},
        "status": {"replicas": _at(parent, found["statusReplicasPath"]) or 0},
    }
    replicas = _at(parent, found["specReplicasPath"])
    if replicas:
        result["spec"]["replicas"] = replicas
    selector = _selector(resource, parent, found)
    if selector:
        result["status"]["selector"] = selector
    return result


def _selector(resource: Resource, parent: Object, found: Object) -> str:
    if resource.custom:
        path = found.get("labelSelectorPath")
        return str(_at(parent, path) or "") if path else ""
    selector = dig(parent, "spec", "selector") or {}
    if resource.kind == "ReplicationController":
        selector = {"matchLabels": selector}
    return text_of(selector)


def check(resource: Resource, old: Object, new: Object) -> None:
    """Raises Invalid, Conflict or BadRequest."""
    name = old["metadata"]["name"]
    if new.get("kind", "Scale") != "Scale":
        raise statuses.bad_request(f"expected a Scale, got a {new.get('kind')}")
    version = (new.get("metadata") or {}).get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise statuses.conflict(resource, name)
    replicas = dig(new, "spec", "replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise statuses.bad_request(
            'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string into '
            "Go struct "
            "field ScaleSpec.spec.replicas of type int32"
        )
    if replicas < 0:
        error = statuses.field_invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise statuses.invalid("autoscaling", "Scale", name, [error])


def applied(resource: Resource, parent: Object, new: Object, ctx: RequestContext) -> Object:
    """The workload with the Scale's replicas, which the writer now owns."""
    result: Object = clone(parent)
    replicas = dig(new, "spec", "replicas") or 0
    keys = paths(resource)["specReplicasPath"].lstrip(".").split(".")
    if _at(parent, ".".join(keys)) == replicas:
        return result
    section = result
    for key in keys[:-1]:
        section = section.setdefault(key, {})
    section[keys[-1]] = replicas
    managers = Managers.of(parent)
    manager = Manager(ctx.field_manager, "Update", resource.group_version, "scale")
    for entry in managers.others(manager):
        entry.fields.discard(_REPLICAS)
    managers.set(manager, {_REPLICAS}, "")
    managers.drop_empty()
    result["metadata"]["managedFields"] = managers.encode()
    return result
