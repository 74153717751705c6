"""What the Kubernetes 1.36 API server fills in before any policy sees an object.

Sources: kubernetes/pkg/apis/*/v1/defaults.go, the registry strategies' PrepareForCreate, and the recordings
in tests/data. Values that only a cluster can know (uid, cluster IP, timestamps, status) are left out.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping
from typing import Any

from portal.policy.normal_form import normalise
from portal.policy.pod_defaults import Object, default_pod, default_pod_spec, mappings

RBAC = "rbac.authorization.k8s.io"
CRD = "CustomResourceDefinition"
MAX_INT32 = 2**31 - 1


def apply_defaults(document: Mapping[str, Any]) -> Object:
    """A copy of `document` with the server's defaults. Kinds that are not built in are copied unchanged.

    Malformed parts are left as they are: refusing them is the schema's task.
    """
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    if not is_built_in(api_version):
        return copy.deepcopy(dict(document))
    # a schema inside a definition is the author's own text
    result: Object = copy.deepcopy(dict(document)) if kind == CRD else normalise(dict(document))
    default = DEFAULTS.get((api_version.rpartition("/")[0], kind))
    if default is not None:
        spec = result.setdefault("spec", {}) if kind in WITH_SPEC else result.get("spec")
        try:
            default(result, spec if isinstance(spec, dict) else {})
        except (AttributeError, TypeError):
            return result
    return result


def is_built_in(api_version: str) -> bool:
    """Whether the group is served from Go types (and not from a custom resource's schema)."""
    group, slash, _version = api_version.rpartition("/")
    return not slash or "." not in group or (group.endswith(".k8s.io") and group in BUILT_IN_GROUPS)


def _template(owner: Object) -> None:
    template = owner.setdefault("template", {})
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))


def _pod(_document: Object, spec: Object) -> None:
    default_pod(spec)


def _pod_template(document: Object, _spec: Object) -> None:
    _template(document)


def _deployment(_document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    _template(spec)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _stateful_set(_document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    _template(spec)
    for claim in mappings(spec.get("volumeClaimTemplates")):
        claim.update({"apiVersion": "v1", "kind": "PersistentVolumeClaim"})
        _claim(claim, claim.setdefault("spec", {}))
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")


def _daemon_set(_document: Object, spec: Object) -> None:
    _template(spec)
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)


def _replicated(_document: Object, spec: Object) -> None:
    spec.setdefault("replicas", 1)
    _template(spec)


def _job(_document: Object, spec: Object) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", MAX_INT32 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    _template(spec)


def _cron_job(_document: Object, spec: Object) -> None:
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    job = spec.setdefault("jobTemplate", {})
    job.setdefault("metadata", {})
    _template(job.setdefault("spec", {}))
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


def _service(_document: Object, spec: Object) -> None:
    if not spec.get("selector", True):
        del spec["selector"]
    for port in mappings(spec.get("ports")):
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port")
    kind = spec.setdefault("type", "ClusterIP")
    if spec.setdefault("sessionAffinity", "None") == "ClientIP":
        client = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        client.setdefault("timeoutSeconds", 10800)
    if kind == "ExternalName":
        return
    if kind in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec.get("clusterIP") == "None":
        spec.setdefault("clusterIPs", ["None"])
    if spec.get("clusterIP") == "None" and not spec.get("selector"):
        spec.setdefault("ipFamilies", ["IPv4", "IPv6"])
        spec.setdefault("ipFamilyPolicy", "RequireDualStack")
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("internalTrafficPolicy", "Cluster")


def _claim(_document: Object, spec: Object) -> None:
    spec.setdefault("resources", {})
    spec.setdefault("volumeMode", "Filesystem")


def _volume(_document: Object, spec: Object) -> None:
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")


def _autoscaler(_document: Object, spec: Object) -> None:
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if isinstance(behavior, dict):
        percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
        up, down = behavior.setdefault("scaleUp", {}), behavior.setdefault("scaleDown", {})
        up.setdefault("stabilizationWindowSeconds", 0)
        up.setdefault("policies", [{"type": "Pods", "value": 4, "periodSeconds": 15}, dict(percent)])
        down.setdefault("policies", [dict(percent)])
        up.setdefault("selectPolicy", "Max")
        down.setdefault("selectPolicy", "Max")


def _network_policy(_document: Object, spec: Object) -> None:
    spec.setdefault("podSelector", {})
    for direction in ("ingress", "egress"):
        for rule in mappings(spec.get(direction)):
            for port in mappings(rule.get("ports")):
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _secret(document: Object, _spec: Object) -> None:
    document.setdefault("type", "Opaque")
    plain = document.pop("stringData", None)
    if isinstance(plain, dict):
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
        document["data"] = {**(document.get("data") or {}), **encoded}


def _binding(document: Object, _spec: Object) -> None:
    if not document.setdefault("roleRef", {}).get("apiGroup"):
        document["roleRef"]["apiGroup"] = RBAC
    for subject in mappings(document.get("subjects")):
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = RBAC


def _role(document: Object, _spec: Object) -> None:
    document.setdefault("rules", None)


def _namespace(document: Object, spec: Object) -> None:
    spec.setdefault("finalizers", ["kubernetes"])
    metadata = document.setdefault("metadata", {})
    if metadata.get("name"):
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]


def _limit_range(_document: Object, spec: Object) -> None:
    for limit in mappings(spec.get("limits")):
        if limit.get("type") != "Container":
            continue
        default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
        request = {**(limit.get("min") or {}), **default, **(limit.get("defaultRequest") or {})}
        limit.update({k: v for k, v in (("default", default), ("defaultRequest", request)) if v})


def _storage_class(document: Object, _spec: Object) -> None:
    document.setdefault("reclaimPolicy", "Delete")
    document.setdefault("volumeBindingMode", "Immediate")


def _admission_policy(_document: Object, spec: Object) -> None:
    spec.setdefault("failurePolicy", "Fail")
    match = spec.setdefault("matchConstraints", {})
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    for rule in mappings(match.get("resourceRules")):
        rule.setdefault("scope", "*")


def _definition(_document: Object, spec: Object) -> None:
    names = spec.setdefault("names", {})
    kind = str(names.get("kind") or "")
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})


DEFAULTS: dict[tuple[str, str], Callable[[Object, Object], None]] = {
    ("", "Pod"): _pod,
    ("", "PodTemplate"): _pod_template,
    ("", "ReplicationController"): _replicated,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("", "LimitRange"): _limit_range,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replicated,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    (RBAC, "Role"): _role,
    (RBAC, "ClusterRole"): _role,
    (RBAC, "RoleBinding"): _binding,
    (RBAC, "ClusterRoleBinding"): _binding,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("apiextensions.k8s.io", CRD): _definition,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _admission_policy,
}
WITHOUT_SPEC = frozenset(
    {"PodTemplate", "Secret", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "StorageClass"}
)
WITH_SPEC = frozenset(kind for _group, kind in DEFAULTS) - WITHOUT_SPEC
BUILT_IN_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        RBAC,
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
