"""A Deployment's status: counts, Available, and Progressing with its deadline (deployment/progress.go)."""

from __future__ import annotations

from portal.sandbox import conditions, times
from portal.sandbox.controllers import rollout
from portal.sandbox.controllers.client import Client
from portal.sandbox.objects import Object, clone

REVISION = "deployment.kubernetes.io/revision"
_NEVER = 2**31 - 1


def note(client: Client, deployment: Object, reason: str, message: str, revision: int) -> None:
    """Record the revision, and that a ReplicaSet was created, or found where nothing was said before."""
    status = deployment.get("status") or {}
    before = conditions.find(status.get("conditions") or [], "Progressing")
    annotations = deployment["metadata"].get("annotations") or {}
    silent = reason == "FoundNewReplicaSet" and before is not None
    if annotations.get(REVISION) == str(revision) and (silent or not _has_deadline(deployment)):
        return
    changed = clone(deployment)
    changed["metadata"].setdefault("annotations", {})[REVISION] = str(revision)
    if not silent and _has_deadline(deployment):
        changed["status"] = {
            **status,
            "conditions": _progress(status.get("conditions") or [], "True", reason, message),
        }
    client.update_status("apps/Deployment", changed)


def write(client: Client, deployment: Object, new: Object | None, sets: list[Object]) -> float | None:
    """Store the status when it changed; seconds until the progress deadline when one is running."""
    before = deployment.get("status") or {}
    after = _counts(deployment, new, sets)
    listed = _available(deployment, after, before.get("conditions") or [])
    again = None
    if deployment["spec"].get("paused"):
        listed = _paused(deployment, listed)
    elif _has_deadline(deployment):
        listed = _resumed(listed)
        listed, again = _progressing(deployment, listed, before, after, new)
    else:
        listed = conditions.without(listed, "Progressing")
    after["conditions"] = _failures(listed, sets)
    if after != before:
        client.update_status("apps/Deployment", {**deployment, "status": after})
    return again


def _counts(deployment: Object, new: Object | None, sets: list[Object]) -> Object:
    def total(field: str) -> int:
        return sum((each.get("status") or {}).get(field, 0) for each in sets)

    wanted = sum(each["spec"].get("replicas", 1) for each in sets)
    available = total("availableReplicas")
    before = deployment.get("status") or {}
    counts = {
        "replicas": total("replicas"),
        "updatedReplicas": ((new or {}).get("status") or {}).get("replicas", 0),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted - available),
    }
    return {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        **{field: number for field, number in counts.items() if number},
        "terminatingReplicas": total("terminatingReplicas"),
        **({"collisionCount": before["collisionCount"]} if before.get("collisionCount") else {}),
    }


def _available(deployment: Object, counts: Object, listed: list[Object]) -> list[Object]:
    enough = counts.get("availableReplicas", 0) >= rollout.limits_of(deployment["spec"]).least_available
    if enough:
        return _stamped(
            listed, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."
        )
    return _stamped(
        listed,
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    )


def _progressing(
    deployment: Object, listed: list[Object], before: Object, after: Object, new: Object | None
) -> tuple[list[Object], float | None]:
    current = conditions.find(listed, "Progressing")
    subject = (
        f'ReplicaSet "{new["metadata"]["name"]}"'
        if new is not None
        else f'Deployment "{deployment["metadata"]["name"]}"'
    )
    complete = _is_complete(deployment, after)
    if (
        current is not None
        and current["reason"] == "NewReplicaSetAvailable"
        and after.get("replicas", 0) == after.get("updatedReplicas", 0)
    ):
        return listed, None
    if complete:
        return _progress(
            listed, "True", "NewReplicaSetAvailable", f"{subject} has successfully progressed."
        ), None
    if _moved(before, after):
        listed = _progress(listed, "True", "ReplicaSetUpdated", f"{subject} is progressing.", renew=True)
        current = conditions.find(listed, "Progressing")
    if current is None:
        return listed, None
    if current["reason"] == "ProgressDeadlineExceeded":
        return listed, None
    left = deployment["spec"]["progressDeadlineSeconds"] - times.seconds_since(current["lastUpdateTime"])
    if left <= 0:
        return _progress(
            listed, "False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing."
        ), None
    return listed, left


def _is_complete(deployment: Object, status: Object) -> bool:
    replicas = deployment["spec"].get("replicas", 1)
    return all(
        status.get(field, 0) == replicas for field in ("updatedReplicas", "replicas", "availableReplicas")
    )


def _moved(before: Object, after: Object) -> bool:
    def stale(status: Object) -> int:
        count: int = status.get("replicas", 0) - status.get("updatedReplicas", 0)
        return count

    return stale(after) < stale(before) or any(
        after.get(field, 0) > before.get(field, 0)
        for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )


def _paused(deployment: Object, listed: list[Object]) -> list[Object]:
    current = conditions.find(listed, "Progressing")
    if not _has_deadline(deployment) or (
        current is not None and current["reason"] == "ProgressDeadlineExceeded"
    ):
        return listed
    return _progress(listed, "Unknown", "DeploymentPaused", "Deployment is paused")


def _resumed(listed: list[Object]) -> list[Object]:
    current = conditions.find(listed, "Progressing")
    if current is not None and current["reason"] == "DeploymentPaused":
        return _progress(listed, "Unknown", "DeploymentResumed", "Deployment is resumed")
    return listed


def _failures(listed: list[Object], sets: list[Object]) -> list[Object]:
    listed = conditions.without(listed, "ReplicaFailure")
    for each in reversed(sets):
        failure = conditions.find((each.get("status") or {}).get("conditions") or [], "ReplicaFailure")
        if failure is not None:
            stamped = {"lastUpdateTime": failure["lastTransitionTime"], **failure}
            return [*listed, stamped]
    return listed


def _has_deadline(deployment: Object) -> bool:
    deadline = deployment["spec"].get("progressDeadlineSeconds")
    return deadline is not None and deadline != _NEVER


def _stamped(listed: list[Object], kind: str, status: str, reason: str, message: str) -> list[Object]:
    """Set a condition; one that changed moves to the end, as the deployment controller leaves them."""
    changed = conditions.put(listed, kind, status, reason, message, lastUpdateTime=times.now())
    return changed if changed is listed else sorted(changed, key=lambda each: each["type"] == kind)


def _progress(
    listed: list[Object], status: str, reason: str, message: str, *, renew: bool = False
) -> list[Object]:
    """Set Progressing; `renew` moves its update time on, which restarts the deadline."""
    listed = _stamped(listed, "Progressing", status, reason, message)
    if renew:
        return [
            {**each, "lastUpdateTime": times.now()} if each["type"] == "Progressing" else each
            for each in listed
        ]
    return listed
