"""What each container of a pod is doing, and why a pod is not well; from the API's JSON, pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from portal.clusters.pods import time_of
from portal.clusters.types import Document

ContainerState = Literal["running", "waiting", "ended"]
# what the kubelet writes while all goes its way
ORDINARY = frozenset({"", "ContainerCreating", "PodInitializing", "Completed"})
# they say that it ends again and again, not why
REPEATING = frozenset({"CrashLoopBackOff", "Error"})


@dataclass(frozen=True)
class Ending:
    """How a container ended: `reason` in the kubelet's words (Error, OOMKilled, Completed)."""

    reason: str
    exit_code: int
    at: datetime | None


@dataclass(frozen=True)
class Container:
    """One container as the kubelet last saw it; `last` is how the run before this one ended."""

    name: str
    image: str
    state: ContainerState
    reason: str
    message: str
    ready: bool
    restarts: int
    since: datetime | None
    ending: Ending | None
    last: Ending | None
    is_initial: bool = False

    @property
    def has_spoken(self) -> bool:
        """Whether there can be a log."""
        return self.state != "waiting" or self.last is not None


def containers_of(pod: Document) -> tuple[Container, ...]:
    """In the order in which they start; sidecars among the initial ones."""
    spec, status = _map(pod, "spec"), _map(pod, "status")
    known = {each.get("name"): each for each in _statuses(status)}
    initial = [_container(each, known, is_initial=True) for each in spec.get("initContainers") or ()]
    return (*initial, *(_container(each, known) for each in spec.get("containers") or ()))


def reason_of(pod: Document, containers: tuple[Container, ...]) -> str:
    """The one word for what is wrong, "" when nothing is: Evicted, Unschedulable, OOMKilled, …"""
    status = _map(pod, "status")
    if status.get("phase") == "Failed" and status.get("reason"):
        return str(status["reason"])
    for container in containers:
        if reason := trouble_of(container):
            return reason
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("reason") or "Unschedulable")
    return ""


def trouble_of(container: Container) -> str:
    """Why a container waits or has ended badly; the cause of a crash, where the kubelet knows it."""
    if container.state == "waiting" and container.reason in REPEATING and container.last is not None:
        cause = container.last.reason
        return cause if cause and cause not in REPEATING | ORDINARY else container.reason
    if container.state == "waiting":
        return "" if container.reason in ORDINARY else container.reason
    if container.ending is not None and container.ending.exit_code:
        return container.ending.reason or "Error"
    return ""


def _container(
    spec: Mapping[str, Any], known: Mapping[Any, Mapping[str, Any]], *, is_initial: bool = False
) -> Container:
    status = known.get(spec.get("name"), {})
    state = _map(status, "state")
    running, ended, waiting = (_map(state, name) for name in ("running", "terminated", "waiting"))
    ending = _ending(ended)
    return Container(
        name=str(spec.get("name") or ""),
        image=str(spec.get("image") or ""),
        state="running" if "running" in state else "ended" if ending else "waiting",
        reason=str(ended.get("reason") or waiting.get("reason") or ""),
        message=str(ended.get("message") or waiting.get("message") or ""),
        ready=bool(status.get("ready")),
        restarts=int(status.get("restartCount") or 0),
        since=time_of(running.get("startedAt")) or (ending.at if ending else None),
        ending=ending,
        last=_ending(_map(_map(status, "lastState"), "terminated")),
        is_initial=is_initial,
    )


def _ending(ended: Mapping[str, Any]) -> Ending | None:
    if not ended:
        return None
    code = int(ended.get("exitCode") or 0)
    return Ending(str(ended.get("reason") or ""), code, time_of(ended.get("finishedAt")))


def _statuses(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for field in ("initContainerStatuses", "containerStatuses"):
        yield from status.get(field) or ()


def _map(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
