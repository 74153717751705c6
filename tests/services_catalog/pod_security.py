"""The restricted Pod Security level, written down a second time: policies/ must not be their own witness.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
BASELINE_ONLY = ("hostNetwork", "hostPID", "hostIPC", "hostUsers")


def pod_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """The Pod's spec inside of a workload."""
    match document["kind"]:
        case "Pod":
            return document["spec"]
        case "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job":
            return document["spec"]["template"]["spec"]
        case "CronJob":
            return document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return None


def violations(pod: dict[str, Any]) -> Iterator[str]:
    yield from (key for key in BASELINE_ONLY if pod.get(key))
    for volume in pod.get("volumes", []):
        if not set(volume) - {"name"} <= ALLOWED_VOLUMES:
            yield f"volume {volume['name']}"
    whole = pod.get("securityContext", {})
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        own = container.get("securityContext", {})
        both = {**whole, **own}
        if own.get("privileged"):
            yield "privileged"
        if own.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if own.get("capabilities", {}).get("drop") != ["ALL"]:
            yield "capabilities.drop"
        if set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"}:
            yield "capabilities.add"
        if both.get("runAsNonRoot") is not True:
            yield "runAsNonRoot"
        if both.get("runAsUser") == 0:
            yield "runAsUser"
        if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield "seccompProfile"
        if any(port.get("hostPort") for port in container.get("ports", [])):
            yield "hostPort"
