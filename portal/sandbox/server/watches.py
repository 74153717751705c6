"""Watches: initial events, changes as they happen, bookmarks; one encoding of an event serves all its
watchers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from portal.sandbox import conversions
from portal.sandbox.objects import Object, encode
from portal.sandbox.server.lists import Selection, check_version
from portal.sandbox.server.requests import Options
from portal.sandbox.statuses import field_forbidden, invalid
from portal.sandbox.store import Event, Store

# how often a quiet watch says how far it has come
BOOKMARK_SECONDS = 60.0
# what one slow watcher may let pile up before it is cut off (it then lists and watches anew)
MAX_PENDING = 20_000
_SHORTEST, _LONGEST = 1800, 3600
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}

# how an object is shown to this watcher (Table, metadata only); None is the object itself
Shape = Callable[[Object], Object]


@dataclass
class Watch:
    """One client's watch."""

    store: Store
    chosen: Selection
    options: Options
    shape: Shape | None = None

    def check(self) -> None:
        """Refuse contradictory options (Invalid) and versions that are none (BadRequest)."""
        initial, match = self.options.text("sendInitialEvents"), self.options.text("resourceVersionMatch")
        errors = []
        if initial and match != "NotOlderThan":
            why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            errors.append(field_forbidden("resourceVersionMatch", why))
        if match and not initial:
            why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            errors.append(field_forbidden("resourceVersionMatch", why))
        if errors:
            raise invalid("meta.k8s.io", "ListOptions", "", errors)
        check_version(self.store, self.options)

    async def lines(self) -> AsyncIterator[str]:
        """Batches of newline-delimited events until the time is over."""
        loop = asyncio.get_running_loop()
        asked = self.options.number("timeoutSeconds") or random.uniform(_SHORTEST, _LONGEST)  # noqa: S311
        end = loop.time() + asked
        pending: list[str] = []
        wake = asyncio.Event()

        def changed(event: Event) -> None:
            line = self._line(event)
            if line:
                pending.append(line)
                wake.set()

        first = self._first()
        unsubscribe = self.store.subscribe(self.chosen.resource, changed)
        try:
            yield first
            bookmark = loop.time() + BOOKMARK_SECONDS
            while (now := loop.time()) < end and len(pending) < MAX_PENDING:
                if pending:
                    batch = "".join(pending)
                    pending.clear()
                    wake.clear()
                    yield batch
                    continue
                if now >= bookmark:
                    bookmark = now + BOOKMARK_SECONDS
                    if self.options.flag("allowWatchBookmarks"):
                        yield self._bookmark(None)
                    continue
                await _wait(wake, min(end, bookmark) - now)
        finally:
            unsubscribe()

    def _first(self) -> str:
        """What comes before the changes: the state, or what has changed since the version asked for."""
        version = check_version(self.store, self.options)
        wanted = self.options.text("sendInitialEvents")
        if wanted:
            listed = self._state() if self.options.flag("sendInitialEvents") else ""
            ends = self.options.flag("sendInitialEvents") and self.options.flag("allowWatchBookmarks")
            return listed + (self._bookmark(INITIAL_EVENTS_END) if ends else "")
        if not version:
            return self._state()
        if version < self.store.oldest:
            why = f"too old resource version: {version} ({self.store.oldest})"
            return f'{{"type":"ERROR","object":{encode(_expired(why))}}}\n'
        return "".join(self._line(event) for event in self.store.since(self.chosen.resource, version))

    def _state(self) -> str:
        found = self.store.list(self.chosen.resource, self.chosen.namespace)
        return "".join(self._event("ADDED", obj) for obj in found if self.chosen.matches(obj))

    def _line(self, event: Event) -> str:
        """The event as this watcher sees it: objects come into and go out of a selection."""
        matches = event.type != "DELETED" and self.chosen.matches(event.object)
        matched = event.previous is not None and self.chosen.matches(event.previous)
        if matches:
            return self._event("MODIFIED" if matched else "ADDED", event.object)
        if matched and event.previous is not None:
            return self._event("DELETED", self._last(event))
        return ""

    def _last(self, event: Event) -> Object:
        """What left: as it was, under the version in which it left."""
        if event.type == "DELETED" or event.previous is None:
            return event.object
        version = event.object["metadata"]["resourceVersion"]
        return {**event.previous, "metadata": {**event.previous["metadata"], "resourceVersion": version}}

    def _event(self, kind: str, obj: Object) -> str:
        resource = self.chosen.resource
        if self.shape is not None:
            body = encode(self.shape(conversions.from_storage(resource, obj)))
        elif obj.get("apiVersion") != resource.group_version:
            body = encode(conversions.from_storage(resource, obj))
        else:
            body = self.store.encoded(resource, obj)
        return f'{{"type":"{kind}","object":{body}}}\n'

    def _bookmark(self, annotations: dict[str, str] | None) -> str:
        resource = self.chosen.resource
        metadata: Object = {"resourceVersion": str(self.store.revision)}
        if annotations:
            metadata["annotations"] = annotations
        obj: Object = {"kind": resource.kind, "apiVersion": resource.group_version, "metadata": metadata}
        if self.shape is not None:
            obj = self.shape(obj)
        return f'{{"type":"BOOKMARK","object":{encode(obj)}}}\n'


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            await wake.wait()
    except TimeoutError:
        return


def _expired(message: str) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "Expired",
        "code": 410,
    }
