"""Making pods from templates, and weighing the ones there are."""

from __future__ import annotations

from portal.sandbox import owners, pods, times
from portal.sandbox.objects import Object, clone


def from_template(template: Object, owner: Object, *, name: str = "", generate_name: str = "") -> Object:
    """A pod of `owner`, with the template's labels, annotations and finalizers."""
    source = template.get("metadata") or {}
    metadata: Object = {
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [owners.reference_to(owner)],
    }
    metadata["name" if name else "generateName"] = name or generate_name
    for field in ("labels", "annotations", "finalizers"):
        if source.get(field):
            metadata[field] = clone(source[field])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": clone(template["spec"])}


def usefulness(pod: Object) -> tuple[bool, bool, bool, int, str]:
    """Sort key for scaling down: unassigned, pending, unready, restarted and younger pods go first."""
    status = pod.get("status") or {}
    restarts = max((each.get("restartCount", 0) for each in status.get("containerStatuses") or ()), default=0)
    cost = int(
        (pod["metadata"].get("annotations") or {}).get("controller.kubernetes.io/pod-deletion-cost", 0)
    )
    return (
        bool(pod["spec"].get("nodeName")),
        status.get("phase") == "Running",
        pods.is_ready(pod),
        cost * 1_000_000 - restarts,
        _reversed(pod["metadata"]["creationTimestamp"]),
    )


def _reversed(moment: str) -> str:
    """A text that sorts the other way round, for times of equal length."""
    return "".join(chr(0x7F - ord(character)) for character in moment)


def available(active: list[Object], min_ready_seconds: int) -> tuple[int, float | None]:
    """How many have been ready for long enough, and in how many seconds the next one will have been."""
    enough, waits = 0, []
    for pod in active:
        if not pods.is_ready(pod):
            continue
        ready = pods.condition(pod, "Ready") or {}
        left = (
            min_ready_seconds - times.seconds_since(ready["lastTransitionTime"]) if min_ready_seconds else 0
        )
        if left <= 0:
            enough += 1
        else:
            waits.append(left)
    return enough, min(waits, default=None)


def terminating(mine: list[Object]) -> int:
    return sum(bool(pod["metadata"].get("deletionTimestamp")) and not pods.is_terminal(pod) for pod in mine)
