"""The status of a simulated pod at a moment of its life. Pure: a pod and its age in, a status out."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.sandbox import pods, times
from portal.sandbox.node import behaviour, parts
from portal.sandbox.node.behaviour import START_SECONDS, WORK_SECONDS
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
    return {**status, "phase": "Pending", "conditions": [*rest, parts.condition(pod, "PodScheduled", True)]}


def unschedulable(pod: Object, message: str) -> Object:
    status = dict(pod.get("status") or {})
    condition = parts.condition(pod, "PodScheduled", False, "Unschedulable", message)
    return {**status, "phase": "Pending", "conditions": [condition]}


def held(pod: Object, reason: str, message: str) -> Object:
    """Containers that cannot be created, for want of a Secret or ConfigMap."""
    waiting: Object = {"reason": reason, **({"message": message} if message else {})}
    statuses = [parts.container_status(pod, each, {"waiting": waiting}) for each in pod["spec"]["containers"]]
    return parts.overall(pod, "Pending", ready=False, initialized=True, containers=statuses)


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
        parts.container_status(pod, each, {"waiting": {"reason": reason}})
        for each in pod["spec"]["containers"]
    ]
    return parts.overall(pod, "Pending", ready=False, initialized=initialized, containers=statuses)


def _pull_failed(pod: Object, stuck: Object) -> Plan:
    spec, image = pod["spec"], stuck["image"]
    in_init = any(each["name"] == stuck["name"] for each in spec.get("initContainers") or ())
    error = f'Back-off pulling image "{image}": ErrImagePull: the sandbox never pulls an image named "fail…"'
    pulling = {"waiting": {"reason": "ImagePullBackOff", "message": error}}
    waiting = {"waiting": {"reason": "PodInitializing" if in_init else "ContainerCreating"}}
    init = [
        parts.container_status(pod, each, pulling if each["name"] == stuck["name"] else waiting)
        for each in spec.get("initContainers") or ()
    ]
    statuses = [
        parts.container_status(pod, each, pulling if each["name"] == stuck["name"] else waiting)
        for each in spec["containers"]
    ]
    status = parts.overall(
        pod, "Pending", ready=False, initialized=not in_init, containers=statuses, init=init
    )
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
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]

    def state(container: Object) -> tuple[Object, Object]:
        message = (
            f"back-off restarting failed container={container['name']} "
            f"pod={name}_{pod['metadata']['namespace']}({uid})"
        )
        ended = {"terminated": parts.terminated(pod, behaviour.of(container).exit_code)}
        return {"waiting": {"reason": "CrashLoopBackOff", "message": message}}, ended

    def status_of(container: Object, crashes: bool, otherwise: Object) -> Object:
        if not crashes:
            return parts.container_status(pod, container, otherwise, ready="running" in otherwise)
        now, last = state(container)
        return {**parts.container_status(pod, container, now, last=last), "restartCount": restarts}

    running = {"running": {"startedAt": times.now()}}
    init = [
        status_of(each, behaviour.of(each).crashes, {"terminated": parts.terminated(pod, 0)})
        for each in pod["spec"].get("initContainers") or ()
    ]
    waiting = {"waiting": {"reason": "PodInitializing"}}
    statuses = [
        status_of(each, behaviour.of(each).crashes and not in_init, waiting if in_init else running)
        for each in pod["spec"]["containers"]
    ]
    status = parts.overall(
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
        parts.container_status(
            pod,
            each,
            {"running": {"startedAt": known.get(each["name"]) or times.now()}},
            ready=ready or behaviour.of(each).seconds <= age,
        )
        for each in spec["containers"]
    ]
    return parts.overall(
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
        parts.container_status(pod, each, {"running": {"startedAt": times.now()}}, ready=True)
        if pods.restarts_always(each)
        else parts.container_status(pod, each, {"terminated": parts.terminated(pod, 0)}, ready=True)
        for each in pod["spec"].get("initContainers") or ()
    ]


def _is_done(status: Object) -> bool:
    return bool({"terminated", "running"} & set(status.get("state") or {}))


def _ended(pod: Object, address: str, *, exit_code: int) -> Object:
    statuses = [
        parts.container_status(
            pod,
            each,
            {
                "terminated": parts.terminated(
                    pod, behaviour.of(each).exit_code if exit_code and behaviour.of(each).crashes else 0
                )
            },
        )
        for each in pod["spec"]["containers"]
    ]
    phase = "Failed" if exit_code else "Succeeded"
    return parts.overall(
        pod,
        phase,
        ready=False,
        initialized=True,
        containers=statuses,
        init=_init_statuses(pod),
        address=address,
        reason="PodFailed" if exit_code else "PodCompleted",
    )
