"""What the API server works out in new Pods, Services, Jobs and claims; see `portal.policy.arrival`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.policy.normal_form import Object
from portal.policy.pod_defaults import CONTAINERS
from portal.policy.volume_defaults import mappings

NO_UID = "00000000-0000-0000-0000-000000000000"
ADDRESS = "10.96.0.100"
NODE_PORT = 30000
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
FINALIZERS = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
}


def _pod(document: Object) -> None:
    """Annotations about AppArmor become fields, where these do not say the same."""
    spec = document.get("spec") or {}
    annotations = document["metadata"].get("annotations") or {}
    windows = (spec.get("os") or {}).get("name") == "windows"
    if windows or not any(str(key).startswith(APP_ARMOR) for key in annotations):
        return
    inherited = (spec.get("securityContext") or {}).get("appArmorProfile")

    def confined(container: Any) -> Any:
        profile = _profile(annotations.get(f"{APP_ARMOR}{container.get('name')}"))
        context = container.get("securityContext") or {}
        if profile is None or context.get("appArmorProfile") is not None or profile == inherited:
            return container
        return {**container, "securityContext": {**context, "appArmorProfile": profile}}

    lists = {field: list(map(confined, spec[field])) for field in CONTAINERS if spec.get(field)}
    document["spec"] = {**spec, **lists}


def _profile(annotation: Any) -> dict[str, str] | None:
    if annotation == "unconfined":
        return {"type": "Unconfined"}
    if annotation == "runtime/default":
        return {"type": "RuntimeDefault"}
    name = str(annotation).removeprefix("localhost/")
    return {"type": "Localhost", "localhostProfile": name} if name not in ("", str(annotation)) else None


def _volume(document: Object) -> None:
    """Volumes and claims are not removed while they are in use."""
    finalizers = list(document["metadata"].get("finalizers") or ())
    wanted = FINALIZERS[document["kind"]]
    document["metadata"]["finalizers"] = finalizers if wanted in finalizers else [*finalizers, wanted]


def _claim(document: Object) -> None:
    """Where the data come from is said in both ways."""
    _volume(document)
    spec = {**(document.get("spec") or {})}
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source and not reference:
        spec["dataSourceRef"] = dict(source)
    elif reference and not source and not reference.get("namespace"):
        spec["dataSource"] = {key: reference[key] for key in ("apiGroup", "kind", "name") if key in reference}
    document["spec"] = spec


def _service(document: Object) -> None:
    """A Service gets its address, and ports of the nodes when it needs them."""
    spec = {**(document.get("spec") or {})}
    kind = spec.get("type")
    if kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec.setdefault("clusterIP", ADDRESS)
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)):
        ports = [dict(port) for port in mappings(spec.get("ports"))]
        for number, port in enumerate(ports):
            port.setdefault("nodePort", NODE_PORT + number)
        spec["ports"] = ports
    if kind == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        spec.setdefault("healthCheckNodePort", NODE_PORT + len(spec.get("ports") or ()))
    document["spec"] = spec


def _daemon_set(document: Object) -> None:
    annotations = document["metadata"].get("annotations") or {}
    document["metadata"]["annotations"] = {**annotations, TEMPLATE_GENERATION: "1"}


def _job(document: Object) -> None:
    """A Job without a selector of its own gets one, and its Pods the labels that it selects."""
    spec = {**document["spec"]}
    if spec.get("manualSelector") is True:
        return
    uid, name = NO_UID, document["metadata"].get("name", "")
    labels = {
        **((spec["template"].get("metadata") or {}).get("labels") or {}),
        "controller-uid": uid,
        "batch.kubernetes.io/controller-uid": uid,
        "job-name": name,
        "batch.kubernetes.io/job-name": name,
    }
    template = {**spec["template"]}
    template["metadata"] = {**(template.get("metadata") or {}), "labels": labels}
    selector = spec.get("selector") or {}
    matched = {**(selector.get("matchLabels") or {}), "batch.kubernetes.io/controller-uid": uid}
    document["spec"] = {**spec, "template": template, "selector": {**selector, "matchLabels": matched}}


PREPARED: Mapping[str, Callable[[Any], None]] = {
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "Service": _service,
    "DaemonSet": _daemon_set,
    "Job": _job,
}
