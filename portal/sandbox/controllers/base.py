"""What all controllers share: a queue of keys without duplicates, reconciling, retries that back off.

Nothing here polls: work comes from store events and from timers that a reconcile asked for. A controller
is handed a key, looks at what is stored now, and moves it one step; what it writes wakes whom it concerns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from portal.sandbox.controllers.client import Client
from portal.sandbox.controllers.plane import ControlPlane
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import ApiError
from portal.sandbox.store import Event

# namespace ("" for cluster-scoped objects) and name
Key = tuple[str, str]
log = logging.getLogger("portal.sandbox.controllers")

FIRST_RETRY_SECONDS = 0.02
LONGEST_RETRY_SECONDS = 10.0


class Queue:
    """Keys waiting to be reconciled, each once, one per turn of the loop so that requests come between."""

    def __init__(self, reconcile: Callable[[Key], float | None]) -> None:
        self._reconcile = reconcile
        self._waiting: dict[Key, None] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._scheduled = False
        self._stopped = False

    def add(self, key: Key) -> None:
        if self._stopped:
            return
        self._waiting[key] = None
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._next)

    def add_later(self, key: Key, seconds: float) -> None:
        """Look at `key` again after `seconds`; the sooner of two wishes wins."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        timer = self._timers.get(key)
        if timer is not None and not timer.cancelled() and timer.when() <= due:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._due, key)

    def stop(self) -> None:
        self._stopped = True
        self._waiting.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _next(self) -> None:
        self._scheduled = False
        if not self._waiting:
            return
        key = next(iter(self._waiting))
        del self._waiting[key]
        try:
            again = self._reconcile(key)
        except ApiError as refusal:
            log.debug("%s: %s", key, refusal)
            self._retry(key)
        except Exception:
            log.exception("reconciling %s", key)
            self._retry(key)
        else:
            self._failures.pop(key, None)
            if again is not None:
                self.add_later(key, again)
        if self._waiting and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._next)

    def _retry(self, key: Key) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self.add_later(key, min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**failures))


class Controller:
    """One kind's controller. Subclasses name what they watch in `watch()` and act in `reconcile()`."""

    name = ""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.store = plane.store
        self.client = Client(plane, self.name)
        self.queue = Queue(self.reconcile)
        self._unsubscribe: list[Callable[[], None]] = []
        self.watch()

    def watch(self) -> None:
        raise NotImplementedError

    def reconcile(self, key: Key) -> float | None:
        """Move the object one step; seconds until it wants to be looked at again, or None."""
        raise NotImplementedError

    def stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self.queue.stop()

    def on(self, kind: str, keys: Callable[[Event], list[Key]]) -> None:
        """Queue what `keys` names, now for all that is stored and from here on for every change."""
        resource = self.client.resource(kind)

        def changed(event: Event) -> None:
            for key in keys(event):
                self.queue.add(key)

        self.listen(resource, changed)
        for obj in self.store.list(resource):
            changed(Event("ADDED", resource, obj, None))

    def listen(self, resource: Resource | None, callback: Callable[[Event], None]) -> None:
        self._unsubscribe.append(self.store.subscribe(resource, callback))

    def on_self(self, kind: str) -> None:
        self.on(kind, lambda event: [key_of(event.object)])

    def on_owned(self, kind: str, owner_kind: str) -> None:
        """Changes of `kind` wake the `owner_kind` that controls it."""

        def owner(event: Event) -> list[Key]:
            namespace = event.object["metadata"].get("namespace", "")
            return [
                (namespace, reference["name"])
                for obj in (event.object, event.previous)
                if obj is not None
                for reference in obj["metadata"].get("ownerReferences") or ()
                if reference.get("controller") and reference["kind"] == owner_kind
            ]

        self.on(kind, owner)


def key_of(obj: dict[str, object]) -> Key:
    metadata = obj["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101 every stored object has metadata
    return metadata.get("namespace", ""), metadata["name"]
