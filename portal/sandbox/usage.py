"""What objects count against a ResourceQuota: evaluators by kind, scopes, and the sum over a namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from portal.sandbox import amounts, pods
from portal.sandbox.amounts import Amounts
from portal.sandbox.objects import Object

if TYPE_CHECKING:
    from portal.sandbox.resources import Resource
    from portal.sandbox.store import Store

# quota names of core kinds that may be counted without `count/`
PLAIN_COUNTS = {
    "configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets",
    "services",
}  # fmt: skip
_POD_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_TERMINATED = ("Succeeded", "Failed")


def count_name(resource: Resource) -> str:
    """`count/deployments.apps`; core kinds have no group."""
    return f"count/{resource.plural}.{resource.group}" if resource.group else f"count/{resource.plural}"


def of(resource: Resource, obj: Object) -> Amounts:
    """All that `obj` uses, whatever quotas there are."""
    if (resource.group, resource.plural) == ("", "pods"):
        return _of_pod(obj)
    one = amounts.count(1)
    used = {count_name(resource): one}
    if not resource.group and resource.plural in PLAIN_COUNTS:
        used[resource.plural] = one
    if (resource.group, resource.plural) == ("", "services"):
        used |= _of_service(obj)
    if (resource.group, resource.plural) == ("", "persistentvolumeclaims"):
        used |= _of_claim(obj)
    return used


def _of_pod(pod: Object) -> Amounts:
    one = amounts.count(1)
    used: Amounts = {"count/pods": one}
    if (pod.get("status") or {}).get("phase") in _TERMINATED:
        return used
    used["pods"] = one
    for name, amount in pods.resources_of(pod["spec"], "requests").items():
        used[f"requests.{name}"] = amount
        if name in _POD_RESOURCES:
            used[name] = amount
    for name, amount in pods.resources_of(pod["spec"], "limits").items():
        used[f"limits.{name}"] = amount
    return used


def _of_service(service: Object) -> Amounts:
    kind = service["spec"].get("type", "ClusterIP")
    ports = amounts.count(len(service["spec"].get("ports") or ()))
    if kind == "NodePort":
        return {"services.nodeports": ports}
    if kind == "LoadBalancer":
        nodeports = (
            {}
            if service["spec"].get("allocateLoadBalancerNodePorts") is False
            else {"services.nodeports": ports}
        )
        return {"services.loadbalancers": amounts.count(1), **nodeports}
    return {}


def _of_claim(claim: Object) -> Amounts:
    requested = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    storage = amounts.parse(requested) if requested is not None else amounts.ZERO
    used = {"requests.storage": storage}
    if name := claim["spec"].get("storageClassName"):
        prefix = f"{name}.storageclass.storage.k8s.io/"
        used[f"{prefix}requests.storage"] = storage
        used[f"{prefix}persistentvolumeclaims"] = amounts.count(1)
    return used


def matches_scopes(quota: Object, resource: Resource, obj: Object) -> bool:
    """Whether the quota's scopes let it count `obj`; scopes only ever select pods (and classed claims)."""
    selectors = [{"scopeName": name, "operator": "Exists"} for name in quota["spec"].get("scopes") or ()]
    selectors += (quota["spec"].get("scopeSelector") or {}).get("matchExpressions") or []
    if not selectors:
        return True
    if (resource.group, resource.plural) != ("", "pods"):
        return False
    return all(_SCOPES.get(each["scopeName"], _never)(obj, each) for each in selectors)


def _never(_pod: Object, _selector: Object) -> bool:
    return False


def _terminating(pod: Object, _selector: Object) -> bool:
    return bool(pod["spec"].get("activeDeadlineSeconds") is not None)


def _best_effort(pod: Object, _selector: Object) -> bool:
    return pods.qos_class(pod["spec"]) == "BestEffort"


def _priority_class(pod: Object, selector: Object) -> bool:
    name: str = pod["spec"].get("priorityClassName", "")
    values: list[str] = selector.get("values") or []
    operator = selector.get("operator", "Exists")
    if operator == "In":
        return name in values
    if operator == "NotIn":
        return name not in values
    return bool(name) is bool(operator == "Exists")


_SCOPES: dict[str, Callable[[Object, Object], bool]] = {
    "Terminating": _terminating,
    "NotTerminating": lambda pod, selector: not _terminating(pod, selector),
    "BestEffort": _best_effort,
    "NotBestEffort": lambda pod, selector: not _best_effort(pod, selector),
    "PriorityClass": _priority_class,
}


def in_namespace(store: Store, resources: Iterable[Resource], quota: Object) -> Amounts:
    """What is used now of each resource that `quota` limits, counted from what is stored."""
    hard = quota["spec"].get("hard") or {}
    used: Amounts = dict.fromkeys(hard, amounts.ZERO)
    namespace = quota["metadata"]["namespace"]
    for resource in resources:
        if not resource.namespaced or not _counted(resource, hard):
            continue
        for obj in store.list(resource, namespace):
            if matches_scopes(quota, resource, obj):
                relevant = {name: amount for name, amount in of(resource, obj).items() if name in hard}
                used = amounts.add(used, relevant)
    return used


def _counted(resource: Resource, hard: Object) -> bool:
    """Whether any limited name could concern the kind, so that others are not walked."""
    if count_name(resource) in hard:
        return True
    if resource.group:
        return False
    if resource.plural == "pods":
        return any(
            name in ("pods", *_POD_RESOURCES) or name.startswith(("requests.", "limits.")) for name in hard
        )
    if resource.plural == "persistentvolumeclaims":
        return any(name.endswith(("requests.storage", "persistentvolumeclaims")) for name in hard)
    return any(name == resource.plural or name.startswith(f"{resource.plural}.") for name in hard)
