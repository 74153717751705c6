"""The status of a simulated pod at a moment of its life. Pure: a pod and its age in, a status and what is next out."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.sandbox import pods, times
from portal.sandbox.node import behaviour
from portal.sandbox.node.behaviour import START_SECONDS, WORK_SECONDS
from portal.sandbox.node.machine import NODE_IP
from portal.sandbox.objects import Object

# event type, reason, message
Said = tuple[str, str, str]


@dataclass
class Plan:
    """`again`: seconds until the status changes by itself. `crashed`: a container waits to be restarted."""

    status: Object
    events: list[Said] = field(default_factory=list)
    again: float | None = None
    crashed: bool = False
    restarts: int = 0


def scheduled(pod: Object) -> Object:
    status = dict(pod.get("status") or {})
    rest = [each for each in status.get("conditions") or () if each["type"] != "PodScheduled"]
    return {**status, "phase": "Pending", "conditions": [*rest, _condition(pod, "PodScheduled", True)]}


def unschedulable(pod: Object, message: str) -> Object:
    status = dict(pod.get("status") or {})
    condition = _condition(pod, "PodScheduled", False, "Unschedulable", message)
    return {**status, "phase": "Pending", "conditions": [condition]}


def held(pod: Object, reason: str, message: str) -> Object:
    """Containers that cannot be created, for want of a Secret or ConfigMap."""
    waiting: Object = {"reason": reason, **({"message": message} if message else {})}
    statuses = [_container_status(pod, each, {"waiting": waiting}) for each in pod["spec"]["containers"]]
    return _status(pod, "Pending", ready=False, initialized=True, containers=statuses)


def plan(pod: Object, age: float, address: str) -> Plan:
    """What the pod looks like at `age` seconds after it was placed on its node."""
    spec = pod["spec"]
    init = [each for each in spec.get("initContainers") or () if not pods.restarts_always(each)]
    stuck = next(
        (each for each in pods.containers(spec, ephemeral=False) if not behaviour.of(each).pulls), None
    )
    init_seconds = sum(behaviour.of(each).seconds for each in init)
    start = START_SECONDS + init_seconds
    if stuck is None and age < start:
        return Plan(_starting(pod, initialized=not init), again=start - age)
    crashing = next((each for each in init if behaviour.of(each).crashes), None)
    if stuck is not None:
        return _pull_failed(pod, stuck)
    if crashing is not None or any(behaviour.of(each).crashes for each in spec["containers"]):
        return _crash(pod, address, in_init=crashing is not None)
    seconds = max(behaviour.of(each).seconds for each in spec["containers"])
    if behaviour.runs_to_completion(spec):
        done = start + (seconds or WORK_SECONDS)
        if age >= done:
            return Plan(_ended(pod, address, exit_code=0))
        return Plan(_running(pod, address, ready=True), _started_events(pod), again=done - age)
    if age < start + seconds:
        return Plan(
            _running(pod, address, ready=False, age=age - start),
            _started_events(pod),
            again=_until_next(spec, age - start),
        )
    return Plan(_running(pod, address, ready=True), _started_events(pod))


def _until_next(spec: Object, age: float) -> float:
    later = [left for each in spec["containers"] if (left := behaviour.of(each).seconds - age) > 0]
    return min(later, default=0.0)


def _started_events(pod: Object) -> list[Said]:
    if (pod.get("status") or {}).get("phase") == "Running":
        return []
    said: list[Said] = []
    for container in pods.containers(pod["spec"], ephemeral=False):
        said += [
            (
                "Normal",
                "Pulled",
                f'Container image "{container["image"]}" already present on machine (simulated)',
            ),
            ("Normal", "Created", f"Container created: {container['name']}"),
            ("Normal", "Started", f"Container started: {container['name']}"),
        ]
    return said


def _starting(pod: Object, *, initialized: bool) -> Object:
    reason = "ContainerCreating" if initialized else "PodInitializing"
    statuses = [
        _container_status(pod, each, {"waiting": {"reason": reason}}) for each in pod["spec"]["containers"]
    ]
    return _status(pod, "Pending", ready=False, initialized=initialized, containers=statuses)


def _pull_failed(pod: Object, stuck: Object) -> Plan:
    spec, image = pod["spec"], stuck["image"]
    in_init = any(each["name"] == stuck["name"] for each in spec.get("initContainers") or ())
    error = f'Back-off pulling image "{image}": ErrImagePull: the sandbox never pulls an image named "fail…"'
    pulling = {"waiting": {"reason": "ImagePullBackOff", "message": error}}
    waiting = {"waiting": {"reason": "PodInitializing" if in_init else "ContainerCreating"}}
    init = [
        _container_status(pod, each, pulling if each["name"] == stuck["name"] else waiting)
        for each in spec.get("initContainers") or ()
    ]
    statuses = [
        _container_status(pod, each, pulling if each["name"] == stuck["name"] else waiting)
        for each in spec["containers"]
    ]
    status = _status(pod, "Pending", ready=False, initialized=not in_init, containers=statuses, init=init)
    message = f'Failed to pull image "{image}": the sandbox never pulls an image named "fail…"'
    return Plan(
        status,
        [
            ("Normal", "Pulling", f'Pulling image "{image}"'),
            ("Warning", "Failed", message),
            ("Warning", "Failed", "Error: ErrImagePull"),
            ("Normal", "BackOff", f'Back-off pulling image "{image}"'),
            ("Warning", "Failed", "Error: ImagePullBackOff"),
        ],
    )


def _crash(pod: Object, address: str, *, in_init: bool) -> Plan:
    if pod["spec"].get("restartPolicy") == "Never":
        return Plan(_ended(pod, address, exit_code=1), _started_events(pod))
    before = (pod.get("status") or {}).get("initContainerStatuses" if in_init else "containerStatuses") or []
    restarts = max((each.get("restartCount", 0) for each in before if _has_crashed(each)), default=-1) + 1
    terminated = {"terminated": _terminated(pod, 1)}
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]

    def state(container: Object) -> tuple[Object, Object]:
        message = (
            f"back-off restarting failed container={container['name']} "
            f"pod={name}_{pod['metadata']['namespace']}({uid})"
        )
        return {"waiting": {"reason": "CrashLoopBackOff", "message": message}}, terminated

    def status_of(container: Object, crashes: bool, otherwise: Object) -> Object:
        if not crashes:
            return _container_status(pod, container, otherwise, ready="running" in otherwise)
        now, last = state(container)
        return {**_container_status(pod, container, now, last=last), "restartCount": restarts}

    running = {"running": {"startedAt": times.now()}}
    init = [
        status_of(each, behaviour.of(each).crashes, {"terminated": _terminated(pod, 0)})
        for each in pod["spec"].get("initContainers") or ()
    ]
    waiting = {"waiting": {"reason": "PodInitializing"}}
    statuses = [
        status_of(each, behaviour.of(each).crashes and not in_init, waiting if in_init else running)
        for each in pod["spec"]["containers"]
    ]
    status = _status(
        pod,
        "Pending" if in_init else "Running",
        ready=False,
        initialized=not in_init,
        containers=statuses,
        init=init,
        address=address,
    )
    events: list[Said] = [
        *_started_events(pod),
        ("Warning", "BackOff", f"Back-off restarting failed container in pod {name}"),
    ]
    return Plan(status, events, crashed=True, restarts=restarts + 1)


def _has_crashed(status: Object) -> bool:
    return "terminated" in (status.get("lastState") or {})


def _running(pod: Object, address: str, *, ready: bool, age: float = 0.0) -> Object:
    spec = pod["spec"]
    known = {
        each["name"]: each["state"]["running"]["startedAt"]
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
        if "running" in (each.get("state") or {})
    }
    statuses = [
        _container_status(
            pod,
            each,
            {"running": {"startedAt": known.get(each["name"]) or times.now()}},
            ready=ready or behaviour.of(each).seconds <= age,
        )
        for each in spec["containers"]
    ]
    return _status(
        pod,
        "Running",
        ready=all(each["ready"] for each in statuses),
        initialized=True,
        containers=statuses,
        init=_init_statuses(pod),
        address=address,
    )


def _init_statuses(pod: Object) -> list[Object]:
    before = (pod.get("status") or {}).get("initContainerStatuses") or []
    if before and all(_is_done(each) for each in before):
        return list(before)
    return [
        _container_status(pod, each, {"running": {"startedAt": times.now()}}, ready=True)
        if pods.restarts_always(each)
        else _container_status(pod, each, {"terminated": _terminated(pod, 0)}, ready=True)
        for each in pod["spec"].get("initContainers") or ()
    ]


def _is_done(status: Object) -> bool:
    return bool({"terminated", "running"} & set(status.get("state") or {}))


def _ended(pod: Object, address: str, *, exit_code: int) -> Object:
    statuses = [
        _container_status(
            pod,
            each,
            {"terminated": _terminated(pod, exit_code if behaviour.of(each).crashes or not exit_code else 0)},
        )
        for each in pod["spec"]["containers"]
    ]
    phase = "Failed" if exit_code else "Succeeded"
    return _status(
        pod,
        phase,
        ready=False,
        initialized=True,
        containers=statuses,
        init=_init_statuses(pod),
        address=address,
        reason="PodFailed" if exit_code else "PodCompleted",
    )


def _terminated(pod: Object, exit_code: int) -> Object:
    return {
        "exitCode": exit_code,
        "reason": "Error" if exit_code else "Completed",
        "startedAt": (pod.get("status") or {}).get("startTime") or times.now(),
        "finishedAt": times.now(),
        "containerID": f"simulated://{pod['metadata']['uid']}",
    }


def _container_status(
    pod: Object, container: Object, state: Object, *, ready: bool = False, last: Object | None = None
) -> Object:
    before = next(
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


def _status(
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
        _condition(pod, "PodReadyToStartContainers", phase == "Running"),
        _condition(pod, "Initialized", initialized),
        _condition(pod, "Ready", pod_ready, *pod_why),
        _condition(pod, "ContainersReady", ready, *why),
        _condition(pod, "PodScheduled", True),
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


def _condition(pod: Object, kind: str, holds: bool, reason: str = "", message: str = "") -> Object:
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
