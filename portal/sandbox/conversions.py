"""Between the version that a client speaks and the one that is stored: HPA v1 and v2, both kinds of
Events, CRDs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from portal.sandbox.objects import Object, clone, encode
from portal.sandbox.resources import Resource

Defaulting = Callable[[Object], Object]
_HPA_ANNOTATIONS = {
    "metrics": "autoscaling.alpha.kubernetes.io/metrics",
    "behavior": "autoscaling.alpha.kubernetes.io/behavior",
    "conditions": "autoscaling.alpha.kubernetes.io/conditions",
}
# events.k8s.io name -> core name
_EVENT_FIELDS = {
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}


def to_storage(resource: Resource, obj: Object) -> Object:
    """The object as the store holds it; itself when that is this version."""
    if resource.stored_as == resource.group_version:
        return obj
    found = _to(resource, obj)
    return {**found, "apiVersion": resource.stored_as}


def from_storage(resource: Resource, obj: Object) -> Object:
    """The stored object in the version of `resource`; itself when that is the stored one."""
    if obj.get("apiVersion") == resource.group_version:
        return obj
    found = _from(resource, obj)
    return {**found, "apiVersion": resource.group_version}


def defaulted(resource: Resource, obj: Object, defaulting: Defaulting) -> Object:
    """Defaults are those of the stored version, for `portal.policy` knows that one only."""
    if resource.stored_as == resource.group_version or resource.kind == "Event":
        return defaulting(obj)
    return from_storage(resource, defaulting(to_storage(resource, obj)))


def _to(resource: Resource, obj: Object) -> Object:
    if resource.kind == "HorizontalPodAutoscaler":
        return _autoscaler_to_v2(obj)
    if resource.kind == "Event":
        return _renamed(obj, _EVENT_FIELDS)
    return obj


def _from(resource: Resource, obj: Object) -> Object:
    if resource.kind == "HorizontalPodAutoscaler":
        return _autoscaler_to_v1(obj)
    if resource.kind == "Event":
        return _renamed(obj, {old: new for new, old in _EVENT_FIELDS.items()})
    return obj


def _renamed(obj: Object, names: dict[str, str]) -> Object:
    renamed = {names.get(key, key): value for key, value in obj.items()}
    series = renamed.get("series")
    if isinstance(series, dict):
        renamed["series"] = dict(series)
    return renamed


def _is_cpu(metric: Any) -> bool:
    resource = metric.get("resource") or {}
    target = resource.get("target") or {}
    return bool(
        metric.get("type") == "Resource"
        and resource.get("name") == "cpu"
        and target.get("type") == "Utilization"
    )


def _autoscaler_to_v1(obj: Object) -> Object:
    result: Object = clone(obj)
    spec, status = result.get("spec") or {}, result.get("status") or {}
    annotations = result["metadata"].setdefault("annotations", {})
    metrics = spec.pop("metrics", None) or []
    cpu = next(filter(_is_cpu, metrics), None)
    if cpu is not None:
        spec["targetCPUUtilizationPercentage"] = cpu["resource"]["target"].get("averageUtilization")
    others = [metric for metric in metrics if metric is not cpu]
    for section, name, value in (
        (spec, "metrics", others), (spec, "behavior", spec.pop("behavior", None)),
        (status, "conditions", status.pop("conditions", None)),
    ):  # fmt: skip
        if value and section is not None:
            annotations[_HPA_ANNOTATIONS[name]] = encode(value)
    status.pop("currentMetrics", None)
    if not annotations:
        del result["metadata"]["annotations"]
    return result


def _autoscaler_to_v2(obj: Object) -> Object:
    result: Object = clone(obj)
    spec, status = result.get("spec") or {}, result.get("status")
    annotations = result["metadata"].get("annotations") or {}
    metrics = _taken(annotations, "metrics") or []
    percentage = spec.pop("targetCPUUtilizationPercentage", None)
    if percentage is not None:
        target = {"type": "Utilization", "averageUtilization": percentage}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    if metrics:
        spec["metrics"] = metrics
    behavior = _taken(annotations, "behavior")
    if behavior:
        spec["behavior"] = behavior
    conditions = _taken(annotations, "conditions")
    if isinstance(status, dict):
        status.pop("currentCPUUtilizationPercentage", None)
        if conditions:
            status["conditions"] = conditions
    if not annotations:
        result["metadata"].pop("annotations", None)
    return result


def _taken(annotations: Object, name: str) -> Any:
    text = annotations.pop(_HPA_ANNOTATIONS[name], None)
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
