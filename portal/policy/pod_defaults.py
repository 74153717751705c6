"""Defaults of a Pod and of a Pod template (kubernetes/pkg/apis/core/v1/defaults.go, 1.36)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portal.policy.images import pull_policy
from portal.policy.pod_resources import default_pod_requests
from portal.policy.volume_defaults import default_field_ref, default_volume, mappings

Object = dict[str, Any]

NOT_READY = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def default_pod_spec(spec: Object) -> None:
    """Fill in, in place, what holds for Pods and for templates alike."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in containers_of(spec):
        default_container(container)
    for volume in mappings(spec.get("volumes")):
        default_volume(volume)


def default_pod(spec: Object) -> None:
    """Fill in, in place, what only a Pod gets: requests from limits, and what built-in admission adds."""
    default_pod_spec(spec)
    for container in (*mappings(spec.get("initContainers")), *mappings(spec.get("containers"))):
        limits_become_requests(container.get("resources"))
        if spec.get("hostNetwork") is True:
            for port in mappings(container.get("ports")):
                port.setdefault("hostPort", port.get("containerPort"))
    default_pod_requests(spec)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    if not spec.get("priorityClassName"):
        spec.setdefault("priority", 0)
    tolerations = spec.setdefault("tolerations", [])
    for key in NOT_READY if isinstance(tolerations, list) else ():
        if not any(_tolerates(toleration, key) for toleration in mappings(tolerations)):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def _tolerates(toleration: Object, key: str) -> bool:
    return toleration.get("key") in (key, None) and toleration.get("effect") in ("NoExecute", None)


def limits_become_requests(resources: Any) -> None:
    if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
        resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


def containers_of(spec: Object) -> Iterator[Object]:
    for field in CONTAINERS:
        yield from mappings(spec.get(field))


def default_container(container: Object) -> None:
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", pull_policy(str(container.get("image") or "")))
    for port in mappings(container.get("ports")):
        port.setdefault("protocol", "TCP")
    for variable in mappings(container.get("env")):
        default_variable(variable.get("valueFrom"))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            default_probe(container[name])
    lifecycle = container.get("lifecycle")
    for handler in lifecycle.values() if isinstance(lifecycle, dict) else ():
        if isinstance(handler, dict):
            default_http_get(handler.get("httpGet"))


def default_variable(source: Any) -> None:
    default_field_ref(source)
    if isinstance(source, dict) and isinstance(source.get("fileKeyRef"), dict):
        source["fileKeyRef"].setdefault("optional", False)


def default_probe(probe: Object) -> None:
    for field, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        probe.setdefault(field, value)
    default_http_get(probe.get("httpGet"))
    if isinstance(probe.get("grpc"), dict) and probe["grpc"].get("service") is None:
        probe["grpc"]["service"] = ""


def default_http_get(action: Any) -> None:
    if isinstance(action, dict):
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")
