"""How one object is, in the states that people are shown; on top of `portal.clusters.readiness`, pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal.clusters.containers import containers_of, reason_of
from portal.clusters.pods import pod_of
from portal.clusters.readiness import status_of
from portal.clusters.types import Document
from portal.core.objects import key_of
from portal.lifecycle.operations.topology.graph import NodeState

Standing = tuple[NodeState, str]
STATES: Mapping[str, NodeState] = {
    "ready": "ready",
    "working": "working",
    "failed": "failed",
    "missing": "missing",
}
# reasons that do not pass by themselves
WRONG = frozenset(
    {
        "CrashLoopBackOff",
        "OOMKilled",
        "Error",
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "StartError",
        "ContainerCannotRun",
    }
)


def of(live: Document | None, sealed: Mapping[str, Any]) -> Standing:
    """State and message of a live object, or of the absence of a sealed one."""
    status = status_of(live, sealed)
    state, message = STATES[status.state], status.message
    special = SPECIAL.get(key_of(sealed).kind)
    if live is None or special is None or (live.get("metadata") or {}).get("deletionTimestamp"):
        return state, message
    return special(live, state, message)


def of_pod(live: Document) -> tuple[NodeState, str, str]:
    """State, message and reason."""
    status = status_of(live, live)
    reason = reason_of(live, containers_of(live))
    message = pod_of(live).message or status.message
    if reason in WRONG:
        return "failed", message, reason
    if reason in ("Unschedulable", "SchedulingGated"):
        return "waiting", message, reason
    if (live.get("status") or {}).get("phase") == "Succeeded":
        return "quiet", status.message, ""
    return STATES[status.state], message, reason


def of_service(live: Document, pods: Sequence[tuple[Document, NodeState]]) -> Standing:
    """`pods` are those that it selects."""
    state, message = of(live, live)
    if state != "ready" or not (live.get("spec") or {}).get("selector"):
        return state, message
    if not pods:
        return "waiting", "has no pod to send to"
    well = sum(1 for _, each in pods if each == "ready")
    return ("ready" if well else "waiting"), f"sends to {well} of {len(pods)} pods"


def _replica_set(live: Document, state: NodeState, message: str) -> Standing:
    return (
        ("quiet", "is of an earlier version") if _number(live, "spec", "replicas") == 0 else (state, message)
    )


def _claim(live: Document, state: NodeState, message: str) -> Standing:
    if state == "working":
        return "waiting", message
    size = ((live.get("status") or {}).get("capacity") or {}).get("storage")
    return state, f"{message}, {size}" if size and state == "ready" else message


def _load_balanced(live: Document, state: NodeState, message: str) -> Standing:
    return ("waiting" if state == "working" else state), message


def _autoscaler(live: Document, state: NodeState, message: str) -> Standing:
    if state != "ready" or message != "exists":
        return "waiting" if message.startswith("exists:") else state, message
    spec = live.get("spec") or {}
    now = _number(live, "status", "currentReplicas")
    return state, f"{now} now, between {spec.get('minReplicas', 1)} and {spec.get('maxReplicas', '?')}"


def _slice(live: Document, state: NodeState, message: str) -> Standing:
    endpoints = live.get("endpoints") or []
    well = sum(1 for each in endpoints if (each.get("conditions") or {}).get("ready") is not False)
    return ("ready" if well else "waiting"), f"{well} of {len(endpoints)} addresses are ready"


def _job(live: Document, state: NodeState, message: str) -> Standing:
    return ("quiet" if message in ("is complete", "is suspended") else state), message


def _scheduled(live: Document, state: NodeState, message: str) -> Standing:
    return ("quiet" if message == "is suspended" else state), message


SPECIAL: Mapping[str, Callable[[Document, NodeState, str], Standing]] = {
    "ReplicaSet": _replica_set,
    "PersistentVolumeClaim": _claim,
    "Service": _load_balanced,
    "HorizontalPodAutoscaler": _autoscaler,
    "EndpointSlice": _slice,
    "Job": _job,
    "CronJob": _scheduled,
}


def _number(live: Document, part: str, name: str) -> int:
    found = (live.get(part) or {}).get(name)
    return found if isinstance(found, int) else 1 if (part, name) == ("spec", "replicas") else 0
