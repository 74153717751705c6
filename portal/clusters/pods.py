"""Pods, their logs and events, from the API's JSON to our types; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from portal.clusters.readiness import pod_trouble
from portal.clusters.types import Document, Event, LogLine, Pod
from portal.core.objects import ObjectKey

Selector = str | Mapping[str, str]


def selector_text(selector: Selector) -> str:
    if isinstance(selector, str):
        return selector
    return ",".join(f"{key}={value}" for key, value in selector.items())


def pod_of(pod: Document) -> Pod:
    metadata, spec, status = (pod.get(part) or {} for part in ("metadata", "spec", "status"))
    containers = tuple(str(container["name"]) for container in spec.get("containers") or ())
    states = status.get("containerStatuses") or ()
    reason, trouble = pod_trouble(pod)
    return Pod(
        name=str(metadata.get("name") or ""),
        namespace=str(metadata.get("namespace") or ""),
        phase="Terminating" if metadata.get("deletionTimestamp") else str(status.get("phase") or "Pending"),
        ready=f"{sum(1 for state in states if state.get('ready'))}/{len(containers)}",
        restarts=sum(int(state.get("restartCount") or 0) for state in states),
        node=str(spec.get("nodeName") or ""),
        containers=containers,
        created=time_of(metadata.get("creationTimestamp")),
        message=trouble
        or str(status.get("message") or status.get("reason") or _unscheduled(status) or reason),
    )


def _unscheduled(status: Mapping[str, Any]) -> str:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("message") or condition.get("reason") or "")
    return ""


def trouble_of_pods(pods: Iterable[Document]) -> str:
    """What is wrong with most of the pods that are in trouble."""
    found = Counter(pod_of(pod).message for pod in pods)
    del found[""]
    if not found:
        return ""
    message, count = found.most_common(1)[0]
    return f"{count} {'pod' if count == 1 else 'pods'}: {message}"


def log_line_of(line: str, container: str) -> LogLine:
    stamp, _, text = line.partition(" ")
    moment = time_of(stamp)
    return LogLine(moment, container, line if moment is None else text)


def event_of(event: Document) -> Event:
    about = event.get("involvedObject") or {}
    series = event.get("series") or {}
    stamps = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        (event.get("metadata") or {}).get("creationTimestamp"),
    )
    return Event(
        key=ObjectKey(
            str(about.get("apiVersion") or ""),
            str(about.get("kind") or ""),
            str(about.get("namespace") or ""),
            str(about.get("name") or ""),
        ),
        kind=str(event.get("type") or "Normal"),
        reason=str(event.get("reason") or ""),
        message=str(event.get("message") or ""),
        count=int(series.get("count") or event.get("count") or 1),
        last_seen=next((moment for moment in map(time_of, stamps) if moment), None),
    )


def time_of(text: Any) -> datetime | None:
    """RFC 3339, with nanoseconds too; None for anything else."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
