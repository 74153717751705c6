"""Events: what happened to an object, for `kubectl describe` and the portal's timeline. Kept for an hour.

They go straight to the store: they are never judged, counted or owned, and there are many of them.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING

from portal.sandbox.objects import Object, now

if TYPE_CHECKING:
    from portal.sandbox.controllers.plane import ControlPlane

KEPT_SECONDS = 3600
# the oldest go first when there are more than this
KEPT_EVENTS = 5_000
# what makes two events the same: about whom, kind, reason, message, component
Sameness = tuple[str, str, str, str, str]


class Recorder:
    def __init__(self, plane: ControlPlane) -> None:
        self._store = plane.store
        self._resource = plane.kinds["Event"]
        self._namespaces = plane.kinds["Namespace"]
        # namespace, name and monotonic time of each event, the longest untouched first
        self._known: OrderedDict[Sameness, tuple[str, str, float]] = OrderedDict()
        for event in self._store.list(self._resource):
            metadata = event["metadata"]
            self._known[_sameness_of(event)] = (metadata["namespace"], metadata["name"], time.monotonic())

    def record(self, about: Object, kind: str, reason: str, message: str, component: str) -> None:
        """Write an event of `kind` Normal or Warning; the same one again raises its count."""
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        home = self._store.get(self._namespaces, None, namespace)
        if home is None or home["metadata"].get("deletionTimestamp"):
            return
        sameness = (metadata["uid"], kind, reason, message, component)
        known = self._known.pop(sameness, None)
        before = self._store.get(self._resource, known[0], known[1]) if known else None
        if before is not None:
            event = {**before, "metadata": dict(before["metadata"])}
            event.update({"count": before.get("count", 1) + 1, "lastTimestamp": now()})
        else:
            event = _event(about, namespace, sameness)
        self._store.put(self._resource, event)
        self._known[sameness] = (namespace, event["metadata"]["name"], time.monotonic())
        self._expire()

    def _expire(self) -> None:
        limit = time.monotonic() - KEPT_SECONDS
        while self._known:
            sameness, (namespace, name, touched) = next(iter(self._known.items()))
            if touched > limit and len(self._known) <= KEPT_EVENTS:
                return
            del self._known[sameness]
            self._store.remove(self._resource, namespace, name)


def _event(about: Object, namespace: str, sameness: Sameness) -> Object:
    _, kind, reason, message, component = sameness
    moment, metadata = now(), about["metadata"]
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {
            "name": f"{metadata['name'][:200]}.{time.time_ns():x}",
            "namespace": namespace,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": moment,
        },
        "involvedObject": {
            "kind": about["kind"],
            "namespace": metadata.get("namespace", ""),
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": about["apiVersion"],
            "resourceVersion": metadata.get("resourceVersion", ""),
        },
        "reason": reason,
        "message": message,
        "source": {"component": component},
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
        "type": kind,
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": "",
    }


def _sameness_of(event: Object) -> Sameness:
    source = (event.get("source") or {}).get("component", "")
    about = (event.get("involvedObject") or {}).get("uid", "")
    return about, event.get("type", ""), event.get("reason", ""), event.get("message", ""), source
