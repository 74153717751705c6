"""Defaults of a Pod and of a Pod template (kubernetes/pkg/apis/core/v1/defaults.go, 1.36)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]

FILE_MODE = 0o644
_TAG = re.compile(r":([\w][\w.-]{0,127})(?=@|$)")
NOT_READY = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def default_pod_spec(spec: Object) -> None:
    """Fill in, in place, what holds for Pods and for templates alike."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if "serviceAccountName" in spec or "serviceAccount" in spec:
        account = spec.get("serviceAccountName") or spec.get("serviceAccount")
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in containers_of(spec):
        default_container(container)
    for volume in mappings(spec.get("volumes")):
        default_volume(volume)
    for constraint in mappings(spec.get("topologySpreadConstraints")):
        constraint.setdefault("whenUnsatisfiable", "DoNotSchedule")


def default_pod(spec: Object) -> None:
    """Fill in, in place, what only a Pod gets: requests from limits, and what built-in admission adds."""
    default_pod_spec(spec)
    for container in (*mappings(spec.get("initContainers")), *mappings(spec.get("containers"))):
        limits_become_requests(container.get("resources"))
        if spec.get("hostNetwork") is True:
            for port in mappings(container.get("ports")):
                port.setdefault("hostPort", port.get("containerPort"))
    limits_become_requests(spec.get("resources"))
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
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from mappings(spec.get(field))


def mappings(value: Any) -> Iterator[Object]:
    """The mappings in a list; anything else is somebody's mistake and not ours to repair."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def default_container(container: Object) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", default_pull_policy(str(container.get("image") or "")))
    for port in mappings(container.get("ports")):
        port.setdefault("protocol", "TCP")
    for variable in mappings(container.get("env")):
        default_field_ref(variable.get("valueFrom"))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            default_probe(container[name])
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict):
            default_http_get(handler.get("httpGet"))


def default_pull_policy(image: str) -> str:
    """Always for `latest`, said or implied; a digest alone is not `latest`."""
    tag = _TAG.search(image.rpartition("/")[2])
    name = tag[1] if tag else ("" if "@" in image else "latest")
    return "Always" if name == "latest" else "IfNotPresent"


def default_probe(probe: Object) -> None:
    for field, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        if not probe.get(field):
            probe[field] = value
    default_http_get(probe.get("httpGet"))
    if isinstance(probe.get("grpc"), dict):
        probe["grpc"].setdefault("service", "")


def default_http_get(action: Any) -> None:
    if isinstance(action, dict):
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")


def default_field_ref(source: Any) -> None:
    if isinstance(source, dict) and isinstance(source.get("fieldRef"), dict):
        source["fieldRef"].setdefault("apiVersion", "v1")


def default_volume(volume: Object) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    for kind in ("secret", "configMap", "downwardAPI", "projected"):
        if isinstance(volume.get(kind), dict):
            volume[kind].setdefault("defaultMode", FILE_MODE)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")
    if isinstance(volume.get("iscsi"), dict):
        volume["iscsi"].setdefault("iscsiInterface", "default")
    for item in mappings((volume.get("downwardAPI") or {}).get("items")):
        default_field_ref(item)
    for source in mappings((volume.get("projected") or {}).get("sources")):
        if isinstance(source.get("serviceAccountToken"), dict):
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        for item in mappings((source.get("downwardAPI") or {}).get("items")):
            default_field_ref(item)
    template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        template["spec"].setdefault("volumeMode", "Filesystem")
        template["spec"].setdefault("resources", {})
