"""The pieces of a simulated pod's status: conditions, container statuses, and the whole."""

from __future__ import annotations

from portal.sandbox import pods, times
from portal.sandbox.node.behaviour import KILLED
from portal.sandbox.node.machine import NODE_IP
from portal.sandbox.objects import Object


def condition(pod: Object, kind: str, holds: bool, reason: str = "", message: str = "") -> Object:
    before = pods.condition(pod, kind)
    status = "True" if holds else "False"
    same = before is not None and before["status"] == status
    since = before["lastTransitionTime"] if same and before is not None else times.now()
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": since,
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }


def terminated(pod: Object, exit_code: int) -> Object:
    return {
        "exitCode": exit_code,
        "reason": "OOMKilled" if exit_code == KILLED else "Error" if exit_code else "Completed",
        "startedAt": (pod.get("status") or {}).get("startTime") or times.now(),
        "finishedAt": times.now(),
        "containerID": f"simulated://{pod['metadata']['uid']}",
    }


def container_status(
    pod: Object, container: Object, state: Object, *, ready: bool = False, last: Object | None = None
) -> Object:
    before: Object = next(
        (
            each
            for each in (pod.get("status") or {}).get("containerStatuses") or ()
            if each["name"] == container["name"]
        ),
        {},
    )
    started = "running" in state
    has_run = started or "terminated" in state
    return {
        "name": container["name"],
        "state": state,
        "lastState": last or before.get("lastState") or {},
        "ready": ready,
        "restartCount": before.get("restartCount", 0),
        "image": container.get("image", ""),
        "imageID": f"simulated://{container.get('image', '')}" if has_run else "",
        **({"containerID": f"simulated://{pod['metadata']['uid']}"} if has_run else {}),
        "started": started,
    }


def overall(
    pod: Object,
    phase: str,
    *,
    ready: bool,
    initialized: bool,
    containers: list[Object],
    init: list[Object] | None = None,
    address: str = "",
    reason: str = "",
) -> Object:
    before = pod.get("status") or {}
    if not ready and not reason and phase != "Succeeded":
        names = " ".join(each["name"] for each in containers if not each["ready"])
        why = ("ContainersNotReady", f"containers with unready status: [{names}]")
    else:
        why = (reason, "")
    gates = [each["conditionType"] for each in pod["spec"].get("readinessGates") or ()]
    open_gates = [each for each in gates if (pods.condition(pod, each) or {}).get("status") == "True"]
    pod_ready = ready and len(open_gates) == len(gates)
    pod_why = (
        why
        if not ready or pod_ready
        else ("ReadinessGatesNotReady", "the status of a readiness gate is not True")
    )
    ours = [
        condition(pod, "PodReadyToStartContainers", phase == "Running"),
        condition(pod, "Initialized", initialized),
        condition(pod, "Ready", pod_ready, *pod_why),
        condition(pod, "ContainersReady", ready, *why),
        condition(pod, "PodScheduled", True),
    ]
    types = {each["type"] for each in ours}
    others = [each for each in before.get("conditions") or () if each["type"] not in types]
    addresses = {"podIP": address, "podIPs": [{"ip": address}]} if address else {}
    return {
        "phase": phase,
        "conditions": [*others, *ours],
        "hostIP": NODE_IP,
        "hostIPs": [{"ip": NODE_IP}],
        **addresses,
        "startTime": before.get("startTime") or times.now(),
        **({"initContainerStatuses": init} if init else {}),
        "containerStatuses": containers,
        "qosClass": before.get("qosClass") or pods.qos_class(pod["spec"]),
        "observedGeneration": pod["metadata"].get("generation", 1),
    }
