"""Defaults of what runs Pods and of their autoscaler (kubernetes/pkg/apis: apps, batch, autoscaling)."""

from __future__ import annotations

from portal.policy.pod_defaults import Object, default_pod, default_pod_spec
from portal.policy.volume_defaults import mappings

MAX_INT32 = 2**31 - 1
PERCENT = {"type": "Percent", "value": 100, "periodSeconds": 15}
SCALE_UP: Object = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, PERCENT],
}
SCALE_DOWN: Object = {"selectPolicy": "Max", "policies": [PERCENT]}


def template(owner: Object) -> None:
    """The Pod template of an object or of a part of one."""
    default_pod_spec(owner.setdefault("template", {"metadata": {}}).setdefault("spec", {}))


def pod(_document: Object, spec: Object) -> None:
    default_pod(spec)


def pod_template(document: Object, _spec: Object) -> None:
    template(document)


def _labels_of_template(document: Object, spec: Object) -> Object:
    """Labels that an object takes from its template when it has none of its own."""
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    metadata = document.setdefault("metadata", {})
    if labels and not metadata.get("labels"):
        metadata["labels"] = dict(labels)
    return labels or {}


def replication_controller(document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    if spec.get("template") is not None:
        template(spec)
        labels = _labels_of_template(document, spec)
        if labels:
            spec.setdefault("selector", dict(labels))


def replica_set(_document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    template(spec)


def deployment(_document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    template(spec)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def stateful_set(_document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    template(spec)
    for claim in mappings(spec.get("volumeClaimTemplates")):
        claim.update({"apiVersion": "v1", "kind": "PersistentVolumeClaim"})
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim["status"] = {"phase": "Pending", **(claim.get("status") or {})}
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if "type" not in strategy:
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and isinstance(strategy.get("rollingUpdate"), dict):
        strategy["rollingUpdate"].setdefault("partition", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")


def daemon_set(_document: Object, spec: Object) -> None:
    template(spec)
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)


def job(document: Object, spec: Object) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", MAX_INT32 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    for rule in mappings((spec.get("podFailurePolicy") or {}).get("rules")):
        for condition in mappings(rule.get("onPodConditions")):
            if not condition.get("status"):
                condition["status"] = "True"
    template(spec)
    _labels_of_template(document, spec)


def cron_job(_document: Object, spec: Object) -> None:
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    template(spec.setdefault("jobTemplate", {"metadata": {}}).setdefault("spec", {}))
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


def autoscaler(document: Object, spec: Object) -> None:
    spec.setdefault("minReplicas", 1)
    if str(document.get("apiVersion")).endswith("/v1"):
        spec.setdefault("targetCPUUtilizationPercentage", 80)
        return
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if isinstance(behavior, dict):
        for direction, usual in (("scaleUp", SCALE_UP), ("scaleDown", SCALE_DOWN)):
            rules = behavior.setdefault(direction, {})
            for key, value in usual.items():
                rules.setdefault(key, [dict(item) for item in value] if isinstance(value, list) else value)
