"""What Kubernetes reported of an instance's objects: warnings first, the newest first among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from portal.clusters import surroundings
from portal.clusters.explanations import Explanation, explain
from portal.clusters.pods import event_of, time_of
from portal.clusters.types import Document
from portal.core.masking import mask_text
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.topology import reading

MOST = 200
EVENTS = ("v1", "Event")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ObjectEvent:
    """The same thing said of the same object, however often; `kind` is Normal or Warning."""

    key: ObjectKey
    kind: str
    reason: str
    message: str
    count: int
    first_seen: datetime | None
    last_seen: datetime | None

    @property
    def is_warning(self) -> bool:
        return self.kind == "Warning"

    @property
    def explanation(self) -> Explanation | None:
        return explain(self.reason) if self.is_warning else None


@dataclass(frozen=True)
class ObjectEvents:
    """`is_cut`: there are more than are shown. `is_unread`: the portal may not list events there."""

    events: tuple[ObjectEvent, ...]
    is_cut: bool = False
    is_unread: bool = False


def read(instance: ServiceInstance) -> ObjectEvents:
    """Of all its objects, those that controllers made and that are gone already among them. Raises
    ClusterError."""
    seen = reading.scene(instance)
    connection = instance.environment.cluster.connection
    found = surroundings.read(connection, instance.namespace, [EVENTS], seconds=reading.SECONDS)
    keys = [*seen.sealed, *seen.found]
    events = grouped(event for event in found.documents if _is_about(event, keys))
    return ObjectEvents(tuple(events[:MOST]), len(events) > MOST or bool(found.cut), bool(found.unread))


def about(events: ObjectEvents, key: ObjectKey) -> list[ObjectEvent]:
    wanted = (key.kind, key.name)
    return [event for event in events.events if (event.key.kind, event.key.name) == wanted]


def grouped(documents: Iterable[Document]) -> list[ObjectEvent]:
    """Those that say the same of the same object are one."""
    found: dict[tuple[str, ...], ObjectEvent] = {}
    for event in map(_event, documents):
        same = (event.key.kind, event.key.namespace, event.key.name, event.kind, event.reason, event.message)
        found[same] = _together(found[same], event) if same in found else event
    newest = sorted(found.values(), key=lambda event: event.last_seen or LONG_AGO, reverse=True)
    return sorted(newest, key=lambda event: not event.is_warning)


def _event(document: Document) -> ObjectEvent:
    event = event_of(document)
    first = time_of(document.get("firstTimestamp")) or time_of(document.get("eventTime")) or event.last_seen
    message = mask_text(event.message)
    return ObjectEvent(event.key, event.kind, event.reason, message, event.count, first, event.last_seen)


def _together(one: ObjectEvent, other: ObjectEvent) -> ObjectEvent:
    first = min((each for each in (one.first_seen, other.first_seen) if each), default=None)
    last = max((each for each in (one.last_seen, other.last_seen) if each), default=None)
    return replace(one, count=one.count + other.count, first_seen=first, last_seen=last)


def _is_about(document: Mapping[str, object], keys: Iterable[ObjectKey]) -> bool:
    """One of these objects, or one that they made and that is gone: its name begins with theirs."""
    event = event_of(dict(document))
    return any(_is_or_was_of(event.key, key) for key in keys)


def _is_or_was_of(about: ObjectKey, known: ObjectKey) -> bool:
    if (about.kind, about.name) == (known.kind, known.name):
        return True
    if about.kind == "Pod" and known.kind in ("ReplicaSet", "Job", "DaemonSet"):
        return re.fullmatch(rf"{re.escape(known.name)}-(\d+-)?[a-z0-9]{{5}}", about.name) is not None
    if about.kind == "Pod" and known.kind == "StatefulSet":
        return re.fullmatch(rf"{re.escape(known.name)}-\d+", about.name) is not None
    if about.kind == "ReplicaSet" and known.kind == "Deployment":
        return re.fullmatch(rf"{re.escape(known.name)}-[a-z0-9]{{5,10}}", about.name) is not None
    if about.kind == "Job" and known.kind == "CronJob":
        return re.fullmatch(rf"{re.escape(known.name)}-\d{{6,12}}", about.name) is not None
    return False
