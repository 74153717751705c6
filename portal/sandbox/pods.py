"""Reading pods and pod templates: containers, requests, phases and readiness. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portal.sandbox import amounts
from portal.sandbox.amounts import Amounts
from portal.sandbox.objects import Object

# kinds that hold a pod template, and where
TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): ("spec", "template"),
}


def template_in(group: str, kind: str, obj: Object) -> Object | None:
    """The pod or pod template that `obj` holds, or None for a kind that holds none."""
    path = TEMPLATES.get((group, kind))
    if path is None:
        return None
    found: Object | None = obj
    for step in path:
        found = (found or {}).get(step)
    return found


def containers(spec: Object, *, ephemeral: bool = True) -> Iterator[Object]:
    """All containers, init containers first."""
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()
    if ephemeral:
        yield from spec.get("ephemeralContainers") or ()


def restarts_always(init_container: Object) -> bool:
    """Whether an init container is a sidecar, which keeps running beside the main containers."""
    return init_container.get("restartPolicy") == "Always"


def resources_of(spec: Object, which: str) -> Amounts:
    """What the scheduler and quota count for a pod: `which` is requests or limits.

    The larger of the running sum and the largest init step, sidecars counted from their start, plus overhead.
    A request that only has a limit counts as the limit, as API defaulting would have it.
    """
    running: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        amount = _amounts(container, which)
        if restarts_always(container):
            running = amounts.add(running, amount)
            peak = amounts.maximum(peak, running)
        else:
            peak = amounts.maximum(peak, amounts.add(running, amount))
    for container in spec.get("containers") or ():
        running = amounts.add(running, _amounts(container, which))
    result = amounts.maximum(running, peak)
    pod_level = spec.get("resources") or {}
    result = {**result, **amounts.parse_all(pod_level.get(which))}
    overhead = amounts.parse_all(spec.get("overhead"))
    if which == "limits":
        overhead = {name: amount for name, amount in overhead.items() if name in result}
    return amounts.add(result, overhead)


def _amounts(container: Object, which: str) -> Amounts:
    resources = container.get("resources") or {}
    named = resources.get(which) or {}
    if which == "requests":
        named = {**(resources.get("limits") or {}), **named}
    return amounts.parse_all(named)


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort (k8s.io/kubernetes pkg/apis/core/v1/helper/qos)."""
    anything, guaranteed = False, True
    for container in containers(spec, ephemeral=False):
        resources = container.get("resources") or {}
        limits = {k: v for k, v in (resources.get("limits") or {}).items() if k in ("cpu", "memory")}
        requests = {k: v for k, v in (resources.get("requests") or {}).items() if k in ("cpu", "memory")}
        anything = anything or bool(limits or requests)
        same = amounts.parse_all({**limits, **requests}) == amounts.parse_all(limits)
        guaranteed = guaranteed and set(limits) == {"cpu", "memory"} and same
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def is_terminal(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    return not is_terminal(pod) and not pod["metadata"].get("deletionTimestamp")


def condition(obj: Object, kind: str) -> Object | None:
    for each in (obj.get("status") or {}).get("conditions") or ():
        if each["type"] == kind:
            found: Object = each
            return found
    return None


def is_ready(pod: Object) -> bool:
    ready = condition(pod, "Ready")
    return ready is not None and ready["status"] == "True" and not is_terminal(pod)


def share_of(value: int | str, whole: int, *, round_up: bool) -> int:
    """An IntOrString share of `whole`: a number, or a percentage rounded as asked."""
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"(\d+)%", value)
    if match is None:
        return int(value)
    product = int(match.group(1)) * whole
    return -(-product // 100) if round_up else product // 100


def claims_in(pod: Object) -> list[str]:
    """The PersistentVolumeClaims that a pod's volumes name."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            found.append(volume["persistentVolumeClaim"]["claimName"])
    return found
