"""When is an object ready? The one place that knows; pure.

Sources: kstatus (sigs.k8s.io/cli-utils, `pkg/kstatus/status`), which helm 4 waits with, and helm 3's
`pkg/kube/ready.go`. Where they differ:
- Deployment: all replicas, as kstatus (helm 3 subtracts maxUnavailable); a paused one is ready, as helm 3.
- Job: complete, as helm with --wait-for-jobs; once a pod of it runs where the annotation READY_WHEN asks for
  that (kstatus: started). A suspended one was meant so: ready.
- Service of type LoadBalancer: has an address, as helm 3. HPA and CronJob: exist, as both.
- Custom resources: kstatus' Reconciling, Stalled and Ready; `Available` where there is no `Ready`; and
  `portal.clusters.operators`, for those whose operators say it otherwise.
- PVC: bound, as both; but one that binds when its first pod comes holds nobody up (neither knows that).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.clusters.findings import Finding, Live, because, condition, holds, mapping, number, said
from portal.clusters.operators import OPERATORS
from portal.clusters.types import ObjectStatus, State
from portal.core.objects import key_of

# a container that waits for one of these does not come up without a change of its pod
READY_WHEN, STARTED = "slipway.dev/ready-when", "started"
HOPELESS = {"CrashLoopBackOff", "InvalidImageName", "ErrImageNeverPull"}


def status_of(live: Live | None, desired: Live, *, binds_late: bool = False) -> ObjectStatus:
    """The state of `live`, named after `desired`. `binds_late`: the PVC waits for its first consumer."""
    key = key_of(desired)
    if live is None:
        return ObjectStatus(key, "missing", "is not in the cluster")
    state, message = _finding(live, key.group, key.kind, binds_late)
    return ObjectStatus(key_of(live) if not key.namespace else key, state, message)


def may_be_gone(desired: Live) -> bool:
    """Whether the cluster itself takes the object away one day: a Job, some time after its end."""
    key = key_of(desired)
    seconds = mapping(desired, "spec").get("ttlSecondsAfterFinished")
    return (key.group, key.kind) == ("batch", "Job") and seconds is not None


def _finding(live: Live, group: str, kind: str, binds_late: bool) -> Finding:
    metadata = mapping(live, "metadata")
    if metadata.get("deletionTimestamp"):
        held = ", ".join(metadata.get("finalizers") or ())
        return "working", f"is being deleted{f', held by {held}' if held else ''}"
    generation, observed = metadata.get("generation"), mapping(live, "status").get("observedGeneration")
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return "working", "its controller has not looked at the change yet"
    if kind == "PersistentVolumeClaim" and group == "":
        return _claim(live, binds_late)
    rule = RULES.get((group, kind), _conditioned)
    return rule(live)


def _deployment(live: Live) -> Finding:
    spec, status = mapping(live, "spec"), mapping(live, "status")
    wanted = number(spec, "replicas", 1)
    updated, total = number(status, "updatedReplicas"), number(status, "replicas")
    available, ready = number(status, "availableReplicas"), number(status, "readyReplicas")
    if spec.get("paused"):
        return "ready", "is paused"
    progressing = condition(live, "Progressing")
    if progressing and progressing.get("reason") == "ProgressDeadlineExceeded":
        return "failed", said(progressing, "did not progress within its deadline")
    if "observedGeneration" not in status:
        return "working", "its controller has not looked at it yet"
    why = because(live, "ReplicaFailure", "True")
    if updated < wanted:
        return "working", f"{updated} of {wanted} replicas are of the new version{why}"
    if total > updated:
        return "working", f"{total - updated} replicas of the old version are ending"
    if available < wanted or ready < wanted:
        return "working", f"{min(available, ready)} of {wanted} replicas are available{why}"
    return "ready", _replicas(wanted)


def _replica_set(live: Live) -> Finding:
    spec, status = mapping(live, "spec"), mapping(live, "status")
    wanted, available = number(spec, "replicas", 1), number(status, "availableReplicas")
    if number(status, "replicas") > wanted:
        return "working", f"{number(status, 'replicas') - wanted} replicas are ending"
    if available < wanted:
        return (
            "working",
            f"{available} of {wanted} replicas are available{because(live, 'ReplicaFailure', 'True')}",
        )
    return "ready", _replicas(wanted)


def _stateful_set(live: Live) -> Finding:
    spec, status = mapping(live, "spec"), mapping(live, "status")
    strategy = mapping(spec, "updateStrategy")
    if strategy.get("type") == "OnDelete":
        return "ready", "its pods are replaced when somebody deletes them (OnDelete)"
    wanted = number(spec, "replicas", 1)
    partition = number(mapping(strategy, "rollingUpdate"), "partition")
    total, ready = number(status, "replicas"), number(status, "readyReplicas")
    updated, renew = number(status, "updatedReplicas"), max(wanted - partition, 0)
    if "observedGeneration" not in status:
        return "working", "its controller has not looked at it yet"
    if ready < wanted or total < wanted:
        return "working", f"{min(ready, total)} of {wanted} replicas are ready"
    if total > wanted:
        return "working", f"{total - wanted} replicas are ending"
    if updated < renew:
        return "working", f"{updated} of {renew} replicas are of the new version"
    if partition == 0 and status.get("updateRevision") != status.get("currentRevision"):
        return "working", "the new version is being settled"
    if partition:
        return "ready", f"{_replicas(wanted)}, {updated} of them new (partition {partition})"
    return "ready", _replicas(wanted)


def _daemon_set(live: Live) -> Finding:
    status = mapping(live, "status")
    if "observedGeneration" not in status or "desiredNumberScheduled" not in status:
        return "working", "its controller has not looked at it yet"
    wanted = number(status, "desiredNumberScheduled")
    updated = number(status, "updatedNumberScheduled")
    on_delete = mapping(mapping(live, "spec"), "updateStrategy").get("type") == "OnDelete"
    if number(status, "currentNumberScheduled") < wanted:
        return "working", f"runs on {number(status, 'currentNumberScheduled')} of {wanted} nodes"
    if updated < wanted and not on_delete:
        return "working", f"{updated} of {wanted} nodes have the new version"
    ready = min(number(status, "numberReady"), number(status, "numberAvailable"))
    if ready < wanted:
        return "working", f"is ready on {ready} of {wanted} nodes"
    return "ready", f"is ready on {wanted} nodes" if wanted else "no node wants it"


def _job(live: Live) -> Finding:
    spec, status = mapping(live, "spec"), mapping(live, "status")
    if failed := holds(live, "Failed") or holds(live, "FailureTarget"):
        return "failed", said(failed, "has failed")
    if holds(live, "Complete"):
        return "ready", "is complete"
    if spec.get("suspend"):
        return "ready", "is suspended"
    is_enough = mapping(mapping(live, "metadata"), "annotations").get(READY_WHEN) == STARTED
    wanted = number(spec, "completions", 1)
    done, wrong = number(status, "succeeded"), number(status, "failed")
    state: State = "ready" if is_enough and (done or number(status, "ready")) else "working"
    return state, f"{done} of {wanted} are done{f', {wrong} failed' if wrong else ''}"


def _cron_job(live: Live) -> Finding:
    return "ready", "is suspended" if mapping(live, "spec").get("suspend") else "is scheduled"


def _pod(live: Live) -> Finding:
    status = mapping(live, "status")
    phase = status.get("phase")
    if phase == "Succeeded":
        return "ready", "has ended well"
    if phase == "Failed":
        return "failed", str(status.get("message") or status.get("reason") or "has failed")
    reason, message = pod_trouble(live)
    if reason in HOPELESS:
        return "failed", message
    if phase == "Running" and holds(live, "Ready"):
        return "ready", "is running"
    unscheduled = condition(live, "PodScheduled")
    if unscheduled and unscheduled.get("status") == "False":
        return "working", said(unscheduled, "waits for a node")
    return "working", message or (str(phase).lower() if phase else "is not started yet")


def pod_trouble(pod: Live) -> tuple[str, str]:
    """(reason, message) of the first container that waits or ended badly, or two empty strings."""
    status = mapping(pod, "status")
    for field in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(field) or ():
            state = mapping(container, "state")
            waiting, ended = mapping(state, "waiting"), mapping(state, "terminated")
            name = container.get("name")
            if waiting and waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
                text = f"container {name}: {waiting['reason']}"
                return str(waiting["reason"]), f"{text}: {waiting['message']}" if waiting.get(
                    "message"
                ) else text
            if ended and ended.get("exitCode"):
                reason = str(ended.get("reason") or "Error")
                return reason, f"container {name}: {reason}, exit code {ended['exitCode']}"
    return "", ""


def _claim(live: Live, binds_late: bool) -> Finding:
    phase = mapping(live, "status").get("phase")
    if phase == "Bound":
        return "ready", "is bound"
    if phase == "Lost":
        return "failed", "has lost its volume"
    if binds_late:
        return "ready", "is bound when the first pod uses it"
    return "working", "waits for a volume"


def _service(live: Live) -> Finding:
    spec = mapping(live, "spec")
    kind = spec.get("type", "ClusterIP")
    if kind == "ExternalName":
        return "ready", "is a name"
    if not spec.get("clusterIP"):
        return "working", "waits for its cluster address"
    if kind == "LoadBalancer" and not spec.get("externalIPs"):
        if not mapping(mapping(live, "status"), "loadBalancer").get("ingress"):
            return "working", "waits for a load balancer"
        return "ready", "has its load balancer"
    return "ready", "has its address"


def _autoscaler(live: Live) -> Finding:
    return "ready", f"exists{because(live, 'ScalingActive', 'False')}"


def _budget(live: Live) -> Finding:
    if "disruptionsAllowed" not in mapping(live, "status"):
        return "ready", "exists"
    return "ready", f"allows {number(mapping(live, 'status'), 'disruptionsAllowed')} disruptions"


def _namespace(live: Live) -> Finding:
    if mapping(live, "status").get("phase") == "Terminating":
        return "working", "is being deleted"
    return "ready", "is active"


def _definition(live: Live) -> Finding:
    if (named := condition(live, "NamesAccepted")) and named.get("status") == "False":
        return "failed", said(named, "its names are taken")
    if holds(live, "Established"):
        return "ready", "is established"
    return "working", said(condition(live, "Established"), "is not established yet")


def _api_service(live: Live) -> Finding:
    if holds(live, "Available"):
        return "ready", "is available"
    return "working", said(condition(live, "Available"), "is not available yet")


def _conditioned(live: Live) -> Finding:
    """Custom resources and whatever else may have conditions; what has none is ready when it exists."""
    if stalled := holds(live, "Stalled"):
        return "failed", said(stalled, "is stalled")
    if reconciling := holds(live, "Reconciling"):
        return "working", said(reconciling, "is being reconciled")
    ready = condition(live, "Ready") or condition(live, "Available")
    if ready is None or ready.get("status") == "True":
        return "ready", said(ready, "is ready" if ready else "exists")
    return "working", said(ready, "is not ready yet")


RULES: Mapping[tuple[str, str], Callable[[Live], Finding]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("", "ReplicationController"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("", "Namespace"): _namespace,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("policy", "PodDisruptionBudget"): _budget,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    **OPERATORS,
}


def _replicas(count: int) -> str:
    return f"{count} {'replica is' if count == 1 else 'replicas are'} ready" if count else "is scaled to zero"
