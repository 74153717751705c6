"""What the Kubernetes 1.36 API server fills in before any policy sees an object.

Sources: kubernetes/pkg/apis/*/v1/defaults.go, the registry strategies' PrepareForCreate, and the recordings
in tests/data. What only a cluster can know (uid, cluster IP, timestamps, status) is added on `arrival`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from portal.policy import workload_defaults as workloads
from portal.policy.kind_groups import is_built_in
from portal.policy.normal_form import normalise
from portal.policy.pod_defaults import Object
from portal.policy.volume_defaults import default_source, mappings

RBAC = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"
__all__ = ["apply_defaults", "is_built_in"]


def apply_defaults(document: Mapping[str, Any]) -> Object:
    """A copy of `document` with the server's defaults; of kinds that are not built in only metadata is read.

    Malformed parts are left as they are: refusing them is the schema's task.
    """
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    result = normalise(document)
    default = DEFAULTS.get((api_version.rpartition("/")[0], kind))
    if default is not None:
        spec = result.get("spec")
        try:
            default(result, spec if isinstance(spec, dict) else {})
        except (AttributeError, TypeError):
            return result
    return result


def _service(_document: Object, spec: Object) -> None:
    for port in mappings(spec.get("ports")):
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port")
    kind = spec.setdefault("type", "ClusterIP")
    _session_affinity(spec)
    outside = kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs"))
    if outside:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "ExternalName":
        return
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


def _session_affinity(spec: Object) -> None:
    affinity = spec.setdefault("sessionAffinity", "None")
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if "timeoutSeconds" not in client:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}


def _claim(_document: Object, spec: Object) -> None:
    spec.setdefault("volumeMode", "Filesystem")


def _volume(_document: Object, spec: Object) -> None:
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    default_source(spec)


def _network_policy(_document: Object, spec: Object) -> None:
    for direction in ("ingress", "egress"):
        for rule in mappings(spec.get(direction)):
            for port in mappings(rule.get("ports")):
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _ingress_class(_document: Object, spec: Object) -> None:
    parameters = spec.get("parameters")
    if isinstance(parameters, dict) and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


def _endpoints(document: Object, _spec: Object) -> None:
    for subset in mappings(document.get("subsets")):
        for port in mappings(subset.get("ports")):
            port.setdefault("protocol", "TCP")


def _endpoint_slice(document: Object, _spec: Object) -> None:
    for port in mappings(document.get("ports")):
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _secret(document: Object, _spec: Object) -> None:
    document.setdefault("type", "Opaque")
    plain = document.pop("stringData", None)
    if isinstance(plain, dict):
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
        document["data"] = {**(document.get("data") or {}), **encoded}


def _role_binding(document: Object, _spec: Object) -> None:
    if not document.setdefault("roleRef", {}).get("apiGroup"):
        document["roleRef"]["apiGroup"] = RBAC
    for subject in mappings(document.get("subjects")):
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = RBAC


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


def _csi_driver(_document: Object, spec: Object) -> None:
    spec.setdefault("attachRequired", True)
    for flag in ("podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"):
        spec.setdefault(flag, False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    spec.setdefault("volumeLifecycleModes", ["Persistent"])


def _device_claim(_document: Object, spec: Object) -> None:
    _devices(spec)


def _device_claim_template(_document: Object, spec: Object) -> None:
    _devices(spec.get("spec") or {})


def _devices(spec: Object) -> None:
    for request in mappings((spec.get("devices") or {}).get("requests")):
        exact = request.get("exactly")
        for wanted in (
            *([exact] if isinstance(exact, dict) else []),
            *mappings(request.get("firstAvailable")),
        ):
            if wanted.setdefault("allocationMode", "ExactCount") == "ExactCount":
                wanted.setdefault("count", 1)


def _priority_class(document: Object, _spec: Object) -> None:
    document.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _admission_policy(_document: Object, spec: Object) -> None:
    spec.setdefault("failurePolicy", "Fail")
    _match(spec.get("matchConstraints"))


def _policy_binding(_document: Object, spec: Object) -> None:
    _match(spec.get("matchResources"))


def _match(match: Any) -> None:
    if not isinstance(match, dict):
        return
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    for key in ("resourceRules", "excludeResourceRules"):
        for rule in mappings(match.get(key)):
            rule.setdefault("scope", "*")


def _webhooks(document: Object, _spec: Object) -> None:
    for hook in mappings(document.get("webhooks")):
        hook.setdefault("failurePolicy", "Fail")
        hook.setdefault("matchPolicy", "Equivalent")
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        hook.setdefault("timeoutSeconds", 10)
        if document["kind"] == "MutatingWebhookConfiguration":
            hook.setdefault("reinvocationPolicy", "Never")
        for rule in mappings(hook.get("rules")):
            rule.setdefault("scope", "*")
        service = (hook.get("clientConfig") or {}).get("service")
        if isinstance(service, dict):
            service.setdefault("port", 443)


def _definition(_document: Object, spec: Object) -> None:
    names = spec.setdefault("names", {})
    kind = str(names.get("kind") or "")
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})


DEFAULTS: dict[tuple[str, str], Callable[[Object, Object], None]] = {
    ("", "Pod"): workloads.pod,
    ("", "PodTemplate"): workloads.pod_template,
    ("", "ReplicationController"): workloads.replication_controller,
    ("", "Service"): _service,
    ("", "Endpoints"): _endpoints,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("", "LimitRange"): _limit_range,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("batch", "Job"): workloads.job,
    ("batch", "CronJob"): workloads.cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): workloads.autoscaler,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("networking.k8s.io", "IngressClass"): _ingress_class,
    (RBAC, "RoleBinding"): _role_binding,
    (RBAC, "ClusterRoleBinding"): _role_binding,
    ("resource.k8s.io", "ResourceClaim"): _device_claim,
    ("resource.k8s.io", "ResourceClaimTemplate"): _device_claim_template,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("storage.k8s.io", "CSIDriver"): _csi_driver,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    (ADMISSION, "ValidatingAdmissionPolicy"): _admission_policy,
    (ADMISSION, "MutatingAdmissionPolicy"): _admission_policy,
    (ADMISSION, "ValidatingAdmissionPolicyBinding"): _policy_binding,
    (ADMISSION, "MutatingAdmissionPolicyBinding"): _policy_binding,
    (ADMISSION, "ValidatingWebhookConfiguration"): _webhooks,
    (ADMISSION, "MutatingWebhookConfiguration"): _webhooks,
}
