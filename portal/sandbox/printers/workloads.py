"""Pods and what runs them."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object, dig, seconds_of
from portal.sandbox.printers.common import (
    NONE,
    Printer,
    age,
    ago,
    columns,
    human,
    name,
    plain_selector,
    selector,
    template_containers,
)

_INITIALIZED = "Init:"


def _pod(pod: Object) -> list[Any]:
    spec, status = pod["spec"], pod.get("status") or {}
    statuses = status.get("containerStatuses") or []
    ready = sum(1 for each in statuses if each.get("ready") and "running" in (each.get("state") or {}))
    gates = spec.get("readinessGates") or []
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    open_gates = sum(conditions.get(each["conditionType"]) == "True" for each in gates)
    return [
        name(pod),
        f"{ready}/{len(spec.get('containers') or ())}",
        _reason(pod, spec, status, statuses),
        _restarts(status),
        age(pod),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{open_gates}/{len(gates)}" if gates else NONE,
    ]


def _reason(pod: Object, spec: Object, status: Object, statuses: list[Object]) -> str:
    reason = status.get("reason") or status.get("phase") or ""
    initializing = _initializing(spec, status)
    if initializing:
        reason = initializing
    else:
        running = False
        for each in reversed(statuses):
            state = each.get("state") or {}
            waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
            if waiting.get("reason"):
                reason = waiting["reason"]
            elif ended:
                reason = _ended(ended)
            elif each.get("ready") and "running" in state:
                running = True
        if reason == "Completed" and running:
            reason = "Running" if _is_ready(status) else "NotReady"
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(reason)


def _ended(ended: Object) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _is_ready(status: Object) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ()
    )


def _initializing(spec: Object, status: Object) -> str:
    declared = spec.get("initContainers") or []
    sidecars = {each["name"] for each in declared if each.get("restartPolicy") == "Always"}
    for index, each in enumerate(status.get("initContainerStatuses") or ()):
        state = each.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and ended.get("exitCode", 0) == 0:
            continue
        if each["name"] in sidecars and each.get("started"):
            continue
        if ended is not None:
            return _INITIALIZED + _ended(ended)
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"{_INITIALIZED}{waiting['reason']}"
        return f"{_INITIALIZED}{index}/{len(declared)}"
    return ""


def _restarts(status: Object) -> str:
    count, last = 0, ""
    for each in status.get("containerStatuses") or ():
        count += each.get("restartCount", 0)
        last = max(last, dig(each, "lastState", "terminated", "finishedAt") or "")
    return f"{count} ({ago(last)} ago)" if count and last else str(count)


def _deployment(obj: Object) -> list[Any]:
    status = obj.get("status") or {}
    return [
        name(obj),
        f"{status.get('readyReplicas', 0)}/{dig(obj, 'spec', 'replicas') or 0}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj),
        *template_containers(obj),
        selector(dig(obj, "spec", "selector")),
    ]


def _replica_set(obj: Object) -> list[Any]:
    status = obj.get("status") or {}
    found = dig(obj, "spec", "selector")
    shown = plain_selector(found) if obj["kind"] == "ReplicationController" else selector(found)
    return [
        name(obj),
        dig(obj, "spec", "replicas") or 0,
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(obj),
        *template_containers(obj),
        shown,
    ]


def _stateful_set(obj: Object) -> list[Any]:
    ready, wanted = dig(obj, "status", "readyReplicas") or 0, dig(obj, "spec", "replicas") or 0
    return [name(obj), f"{ready}/{wanted}", age(obj), *template_containers(obj)]


def _daemon_set(obj: Object) -> list[Any]:
    status = obj.get("status") or {}
    return [
        name(obj),
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        plain_selector(dig(obj, "spec", "template", "spec", "nodeSelector")),
        age(obj),
        *template_containers(obj),
        selector(dig(obj, "spec", "selector")),
    ]


def _job(obj: Object) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    done, wanted = status.get("succeeded", 0), spec.get("completions")
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        parallel = spec.get("parallelism") or 1
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    began, ended = status.get("startTime"), status.get("completionTime")
    if not began:
        duration = ""
    elif ended:
        duration = human(seconds_of(ended) - seconds_of(began))
    else:
        duration = ago(began)
    return [
        name(obj), _job_status(obj, status), completions, duration, age(obj),
        *template_containers(obj), selector(spec.get("selector")),
    ]  # fmt: skip


def _job_status(obj: Object, status: Object) -> str:
    true = {each["type"] for each in status.get("conditions") or () if each["status"] == "True"}
    for condition, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if condition in true:
            return shown
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for condition in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if condition in true:
            return condition
    return "Running"


def _cron_job(obj: Object) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    last = status.get("lastScheduleTime")
    template = dig(spec, "jobTemplate", "spec", "template") or {}
    return [
        name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        str(bool(spec.get("suspend"))),
        len(status.get("active") or ()),
        ago(last) if last else NONE,
        age(obj),
        *template_containers({"spec": {"template": template}}),
        selector(dig(spec, "jobTemplate", "spec", "selector")),
    ]


def _autoscaler(obj: Object) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    return [
        name(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _metrics(spec.get("metrics") or [], status.get("currentMetrics") or []),
        str(spec["minReplicas"]) if "minReplicas" in spec else "<unset>",
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(obj),
    ]


def _metrics(wanted: list[Object], current: list[Object]) -> str:
    if not wanted:
        return NONE
    parts = []
    for index, metric in enumerate(wanted[:2]):
        source = metric.get("type", "")
        key = source[:1].lower() + source[1:]
        target = dig(metric, key, "target") or {}
        now = dig(current[index], key, "current") or {} if index < len(current) else {}
        if "averageUtilization" in target:
            value = now.get("averageUtilization")
            shown = f"{'<unknown>' if value is None else f'{value}%'}/{target['averageUtilization']}%"
        else:
            field = "averageValue" if "averageValue" in target else "value"
            shown = f"{now.get(field, '<unknown>')}/{target.get(field, '')}"
            shown += " (avg)" if field == "averageValue" and source != "Resource" else ""
        label = f"{dig(metric, key, 'name')}: " if source in ("Resource", "ContainerResource") else ""
        parts.append(label + shown)
    more = len(wanted) - len(parts)
    return ", ".join(parts) + (f" + {more} more..." if more else "")


def _disruption_budget(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    return [
        name(obj),
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        dig(obj, "status", "disruptionsAllowed") or 0,
        age(obj),
    ]


def _controller_revision(obj: Object) -> list[Any]:
    owner = next(
        (each for each in obj["metadata"].get("ownerReferences") or () if each.get("controller")), None
    )
    if owner is None:
        shown = NONE
    else:
        group = owner["apiVersion"].rpartition("/")[0]
        shown = f"{owner['kind'].lower()}{f'.{group}' if group else ''}/{owner['name']}"
    return [name(obj), shown, obj.get("revision", 0), age(obj)]


def _pod_template(obj: Object) -> list[Any]:
    template = {"spec": {"template": obj.get("template") or {}}}
    labels = dig(obj, "template", "metadata", "labels")
    return [name(obj), *template_containers(template), plain_selector(labels)]


_WIDE = ("Containers", "Images", "Selector")
_SIZES = ("Desired:integer", "Current:integer", "Ready:integer", "Age")
PRINTERS = {
    ("", "Pod"): Printer(
        columns("core.v1.Pod", "Ready", "Status", "Restarts", "Age",
                wide=("IP", "Node", "Nominated Node", "Readiness Gates")), _pod),
    ("", "PodTemplate"): Printer(columns("core.v1.PodTemplate", "Containers", "Images", "Pod Labels"),
    _pod_template),
    ("", "ReplicationController"): Printer(
        columns("core.v1.ReplicationController", *_SIZES, wide=_WIDE), _replica_set),
    ("apps", "Deployment"): Printer(
        columns("apps.v1.Deployment", "Ready", "Up-to-date:integer", "Available:integer", "Age",
        wide=_WIDE), _deployment),
    ("apps", "ReplicaSet"): Printer(columns("apps.v1.ReplicaSet", *_SIZES, wide=_WIDE), _replica_set),
    ("apps", "StatefulSet"): Printer(
        columns("apps.v1.StatefulSet", "Ready", "Age", wide=("Containers", "Images")), _stateful_set),
    ("apps", "DaemonSet"): Printer(
        columns("apps.v1.DaemonSet", "Desired:integer", "Current:integer", "Ready:integer",
        "Up-to-date:integer",
                "Available:integer", "Node Selector", "Age", wide=_WIDE), _daemon_set),
    ("apps", "ControllerRevision"): Printer(
        columns("apps.v1.ControllerRevision", "Controller", "Revision:integer", "Age"), _controller_revision),
    ("batch", "Job"): Printer(
        columns("batch.v1.Job", "Status", "Completions", "Duration", "Age", wide=_WIDE), _job),
    ("batch", "CronJob"): Printer(
        columns("batch.v1.CronJob", "Schedule", "Timezone", "Suspend", "Active:integer", "Last Schedule",
        "Age",
                wide=_WIDE), _cron_job),
    ("autoscaling", "HorizontalPodAutoscaler"): Printer(
        columns("autoscaling.v2.HorizontalPodAutoscaler", "Reference", "Targets", "MinPods",
        "MaxPods:integer",
                "Replicas:integer", "Age"), _autoscaler),
    ("policy", "PodDisruptionBudget"): Printer(
        columns("policy.v1.PodDisruptionBudget", "Min Available", "Max Unavailable",
        "Allowed Disruptions:integer",
                "Age"), _disruption_budget),
}  # fmt: skip
