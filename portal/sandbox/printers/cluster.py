"""Namespaces, nodes, events, quotas and other matters of the whole cluster."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object, dig
from portal.sandbox.printers.common import NONE, UNKNOWN, Printer, age, ago, columns, joined, name

_ROLE_LABEL = "node-role.kubernetes.io/"


def _namespace(obj: Object) -> list[Any]:
    return [name(obj), dig(obj, "status", "phase") or "", age(obj)]


def _node(obj: Object) -> list[Any]:
    info = dig(obj, "status", "nodeInfo") or {}
    addresses = {each["type"]: each["address"] for each in dig(obj, "status", "addresses") or ()}
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(key.removeprefix(_ROLE_LABEL) for key in labels if key.startswith(_ROLE_LABEL))
    return [
        name(obj),
        _node_status(obj),
        joined(roles),
        age(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or UNKNOWN,
        info.get("kernelVersion") or UNKNOWN,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _node_status(obj: Object) -> str:
    ready = next((each for each in dig(obj, "status", "conditions") or () if each["type"] == "Ready"), None)
    shown = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{shown},SchedulingDisabled" if dig(obj, "spec", "unschedulable") else shown


def _event(obj: Object) -> list[Any]:
    involved = obj.get("involvedObject") or {}
    series = obj.get("series") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or first
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    return [
        ago(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        ", ".join(
            part for part in (component, source.get("host") or obj.get("reportingInstance") or "") if part
        ),
        str(obj.get("message", "")).strip(),
        ago(first),
        series.get("count") or obj.get("count") or 1,
        name(obj),
    ]


def _quota(obj: Object) -> list[Any]:
    hard, used = dig(obj, "status", "hard") or {}, dig(obj, "status", "used") or {}
    request: list[str] = []
    limit: list[str] = []
    for resource in sorted(hard):
        shown = f"{resource}: {used.get(resource, '0')}/{hard[resource]}"
        (limit if resource.startswith("limits.") else request).append(shown)
    return [name(obj), ", ".join(request), ", ".join(limit), age(obj)]


def _named_and_created(obj: Object) -> list[Any]:
    return [name(obj), obj["metadata"].get("creationTimestamp", "")]


def _priority_class(obj: Object) -> list[Any]:
    policy = obj.get("preemptionPolicy", "PreemptLowerPriority")
    return [name(obj), obj.get("value", 0), bool(obj.get("globalDefault")), age(obj), policy]


def _lease(obj: Object) -> list[Any]:
    return [name(obj), dig(obj, "spec", "holderIdentity") or "", age(obj)]


def _runtime_class(obj: Object) -> list[Any]:
    return [name(obj), obj.get("handler", ""), age(obj)]


PRINTERS = {
    ("", "Namespace"): Printer(columns("core.v1.Namespace", "Status", "Age"), _namespace),
    ("", "Node"): Printer(
        columns("core.v1.Node", "Status", "Roles", "Age", "Version",
                wide=("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime")),
                _node),
    ("", "Event"): Printer(
        (*columns("core.v1.Event", "Last Seen", "Type", "Reason", "Object")[1:],
         *columns("core.v1.Event", wide=("Subobject", "Source"))[1:], *columns("core.v1.Event",
         "Message")[1:],
         *columns("core.v1.Event", wide=("First Seen", "Count", "Name"))[1:]), _event),
    ("", "ResourceQuota"): Printer(columns("core.v1.ResourceQuota", "Request", "Limit", "Age"), _quota),
    ("scheduling.k8s.io", "PriorityClass"): Printer(
        columns("scheduling.v1.PriorityClass", "Value:integer", "Global-Default:boolean", "Age",
        "PreemptionPolicy"),
        _priority_class),
    ("coordination.k8s.io", "Lease"): Printer(columns("coordination.v1.Lease", "Holder", "Age"), _lease),
    ("node.k8s.io", "RuntimeClass"): Printer(columns("node.v1.RuntimeClass", "Handler", "Age"),
    _runtime_class),
}  # fmt: skip
