"""Simulated pod logs. Nothing runs in a simulated container, and its log says so in its first line.

What a pod's annotation `sandbox.slipway.dev/log` says, its containers say too, line by line, once they run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.sandbox import pods, statuses, times
from portal.sandbox.node import behaviour
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource
from portal.sandbox.store import Event, Store

LOG_ANNOTATION = "sandbox.slipway.dev/log"
# by exit code
NAMES = {1: "crash", behaviour.KILLED: "oom"}


@dataclass(frozen=True)
class LogOptions:
    """What `kubectl logs` asks; `since` is the earliest moment shown."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: datetime | None = None
    limit_bytes: int | None = None


def options_from(query: Mapping[str, str]) -> LogOptions:
    """Read a request's query; raises BadRequest or Invalid for what is no number or moment."""
    since = None
    try:
        if "sinceSeconds" in query:
            since = datetime.fromtimestamp(datetime.now(UTC).timestamp() - int(query["sinceSeconds"]), UTC)
        elif "sinceTime" in query:
            since = times.read(query["sinceTime"])
        tail = int(query["tailLines"]) if "tailLines" in query else None
        limit = int(query["limitBytes"]) if "limitBytes" in query else None
    except ValueError as wrong:
        raise statuses.bad_request(f"invalid log options: {wrong}") from wrong
    if tail is not None and tail < 0:
        error = statuses.field_invalid("tailLines", tail, "must be greater than or equal to 0")
        raise statuses.invalid("", "PodLogOptions", "", [error])
    return LogOptions(
        query.get("container", ""),
        _is_true(query, "follow"),
        _is_true(query, "previous"),
        _is_true(query, "timestamps"),
        tail,
        since,
        limit,
    )


def check(pod: Object, options: LogOptions) -> str:
    """The container meant; raises BadRequest when it is unclear, unknown, or has not started."""
    name = pod["metadata"]["name"]
    known = [each["name"] for each in pods.containers(pod["spec"])]
    main = [each["name"] for each in pod["spec"]["containers"]]
    wanted = options.container or (pod["metadata"].get("annotations") or {}).get(
        "kubectl.kubernetes.io/default-container", ""
    )
    if not wanted:
        if len(known) > 1:
            choice = f"[{' '.join(main)}]"
            init = [each["name"] for each in pod["spec"].get("initContainers") or ()]
            more = f" or one of the init containers: [{' '.join(init)}]" if init else ""
            raise statuses.bad_request(
                f"a container name must be specified for pod {name}, choose one of: {choice}{more}"
            )
        wanted = main[0]
    if wanted not in known:
        raise statuses.bad_request(f"container {wanted} is not valid for pod {name}")
    status = _status_of(pod, wanted)
    if options.previous and "terminated" not in (status.get("lastState") or {}):
        message = f'previous terminated container "{wanted}" in pod "{name}" not found'
        raise statuses.bad_request(message)
    reason = ((status.get("state") or {}).get("waiting") or {}).get("reason", "ContainerCreating")
    if not _lines(pod, wanted, previous=options.previous):
        detail = "trying and failing to pull image" if reason == "ImagePullBackOff" else reason
        raise statuses.bad_request(f'container "{wanted}" in pod "{name}" is waiting to start: {detail}')
    return wanted


async def stream(store: Store, resource: Resource, pod: Object, options: LogOptions) -> AsyncIterator[bytes]:
    """The log as chunks of whole lines; with `follow` until the container has ended or the pod is gone."""
    container = check(pod, options)
    shown = _lines(pod, container, previous=options.previous)
    first = [line for line in shown if options.since is None or line[0] >= options.since]
    if options.tail is not None:
        first = first[len(first) - min(options.tail, len(first)) :]
    text = b"".join(_encoded(line, options) for line in first)
    yield text[: options.limit_bytes] if options.limit_bytes is not None else text
    if not options.follow or options.previous:
        return
    changes: asyncio.Queue[Event] = asyncio.Queue()
    unsubscribe = store.subscribe(resource, changes.put_nowait)
    uid, said = pod["metadata"]["uid"], {line[1] for line in shown}
    try:
        while not pods.is_terminal(pod):
            event = await changes.get()
            if event.object["metadata"]["uid"] != uid:
                continue
            if event.type == "DELETED":
                return
            pod = event.object
            for line in _lines(pod, container):
                if line[1] not in said:
                    said.add(line[1])
                    yield _encoded(line, options)
    finally:
        unsubscribe()


def _lines(pod: Object, name: str, *, previous: bool = False) -> list[tuple[datetime, str]]:
    """Everything that the container has said so far; nothing before it has started. `previous`: in the run
    before this one, which is also what a container that waits for its restart still shows."""
    status = _status_of(pod, name)
    state, last = status.get("state") or {}, status.get("lastState") or {}
    running = None if previous else state.get("running")
    ended = None if previous else state.get("terminated")
    if not running and not ended:
        ended = last.get("terminated")
    if not running and not ended:
        return []
    spec = next(each for each in pods.containers(pod["spec"]) if each["name"] == name)
    began = times.read((running or ended or {})["startedAt"])
    lines = [
        (
            began,
            "[sandbox] simulated: no process runs in this container and no application wrote these lines",
        ),
        (began, f"[sandbox] started container {name} from image {spec.get('image', '')}"),
    ]
    said = (pod["metadata"].get("annotations") or {}).get(LOG_ANNOTATION, "")
    lines += [(began, line) for line in said.splitlines()]
    if ended:
        why = f" because its image is named {NAMES[ended['exitCode']]}…" if behaviour.of(spec).crashes else ""
        lines.append(
            (times.read(ended["finishedAt"]), f"[sandbox] ended with exit code {ended['exitCode']}{why}")
        )
    elif status.get("ready"):
        ready = pods.condition(pod, "Ready") or {}
        moment = times.read(ready["lastTransitionTime"]) if ready else began
        lines.append((max(began, moment), "[sandbox] ready: its probes are taken to pass"))
    return lines


def _status_of(pod: Object, name: str) -> Object:
    status = pod.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for each in status.get(field) or ():
            if each["name"] == name:
                found: Object = each
                return found
    return {}


def _encoded(line: tuple[datetime, str], options: LogOptions) -> bytes:
    moment, text = line
    stamp = f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.000000000Z " if options.timestamps else ""
    return f"{stamp}{text}\n".encode()


def _is_true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("true", "1")
