"""What the cluster holds: everything in memory, written behind to SQLite; a window of history for watches.

Single-threaded and synchronous: only the event loop's thread may call it. Objects that it hands out are
shared and must never be changed; writers put a new object.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from portal.sandbox.objects import Object, encode
from portal.sandbox.persistence import Persistence
from portal.sandbox.resources import Resource

EventType = Literal["ADDED", "MODIFIED", "DELETED"]
# events kept for watches that resume; older ones answer 410
HISTORY = 20_000
# resourceVersions left out after an unclean stop, so that none is ever given twice
SKIP_AFTER_CRASH = 1_000
Address = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `resource` is the stored version; a DELETED object carries the revision of its deletion."""

    type: EventType
    resource: Resource
    object: Object
    previous: Object | None
    revision: int = 0


Listener = Callable[[Event], None]
# beside a method called `list`, `list[…]` would mean that
Events = list[Event]
Owned = list[tuple[str, Object]]


class Store:
    """get, list, put, remove; subscribers are called in the same turn, after the change is in place.

    A listener must not write: it queues what it wants done.
    """

    def __init__(self, persistence: Persistence | None = None) -> None:
        self._persistence = persistence
        self._objects: dict[str, dict[str, dict[str, Object]]] = defaultdict(lambda: defaultdict(dict))
        self._owned: dict[str, set[Address]] = defaultdict(set)
        self._encoded: dict[Address, str] = {}
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self.revision = 1
        if persistence is not None:
            self._load(persistence)
        # watches may resume from any revision after this one
        self.oldest = self.revision

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        scopes = self._objects.get(resource.storage_key)
        return scopes[namespace or ""].get(name) if scopes and (namespace or "") in scopes else None

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """All objects, or those of one namespace, ordered as etcd would: by namespace, then name."""
        scopes = self._objects.get(resource.storage_key)
        if not scopes:
            return []
        chosen = [namespace] if namespace else sorted(scopes)
        return [found[name] for scope in chosen if (found := scopes.get(scope)) for name in sorted(found)]

    def count(self, resource: Resource, namespace: str | None = None) -> int:
        scopes = self._objects.get(resource.storage_key) or {}
        if namespace:
            return len(scopes.get(namespace, ()))
        return sum(map(len, scopes.values()))

    def put(self, resource: Resource, obj: Object) -> Object:
        """Store `obj` (from now on not to be changed) under the next resourceVersion."""
        metadata = obj["metadata"]
        address = (resource.storage_key, metadata.get("namespace") or "", metadata["name"])
        self.revision += 1
        metadata["resourceVersion"] = str(self.revision)
        previous = self._objects[address[0]][address[1]].get(address[2])
        self._place(address, obj, previous)
        self._persist(address, obj)
        kind: EventType = "ADDED" if previous is None else "MODIFIED"
        self._publish(Event(kind, resource, obj, previous, self.revision))
        return obj

    def remove(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """Take an object out; returns it as it was, None when there was none."""
        address = (resource.storage_key, namespace or "", name)
        previous = self._objects[address[0]][address[1]].pop(name, None)
        if previous is None:
            return None
        if not self._objects[address[0]][address[1]]:
            del self._objects[address[0]][address[1]]
        self._disown(address, previous)
        self._encoded.pop(address, None)
        self.revision += 1
        self._persist(address, None)
        last = {**previous, "metadata": {**previous["metadata"], "resourceVersion": str(self.revision)}}
        self._publish(Event("DELETED", resource, last, previous, self.revision))
        return previous

    def subscribe(self, resource: Resource | None, callback: Listener) -> Callable[[], None]:
        """Call `callback` for each change (of one resource, or of all); returns how to stop that."""
        listeners = self._listeners[resource.storage_key if resource else ""]
        listeners.append(callback)

        def unsubscribe() -> None:
            if callback in listeners:
                listeners.remove(callback)

        return unsubscribe

    def since(self, resource: Resource, revision: int) -> Events:
        """The changes of a resource after `revision`, which must not be older than `oldest`."""
        found: Events = []
        for event in reversed(self._history):
            if event.revision <= revision:
                break
            if event.resource.storage_key == resource.storage_key:
                found.append(event)
        found.reverse()
        return found

    def owned_by(self, uid: str) -> Owned:
        """(storage key, object) of everything that names `uid` as an owner."""
        found = []
        for key, namespace, name in sorted(self._owned.get(uid, ())):
            obj = self._objects[key][namespace].get(name)
            if obj is not None:
                found.append((key, obj))
        return found

    def namespace_contents(self, namespace: str) -> Iterator[tuple[str, Object]]:
        """(storage key, object) of everything in a namespace."""
        for key in sorted(self._objects):
            for obj in list(self._objects[key].get(namespace, {}).values()):
                yield key, obj

    def encoded(self, resource: Resource, obj: Object) -> str:
        """The object as JSON text, kept as long as the object is the current one."""
        metadata = obj["metadata"]
        address = (resource.storage_key, metadata.get("namespace") or "", metadata["name"])
        current = self._objects[address[0]][address[1]].get(address[2])
        if current is not obj:
            return encode(obj)
        text = self._encoded.get(address)
        if text is None:
            text = self._encoded[address] = encode(obj)
        return text

    def forget_history(self) -> None:
        """Watches may not resume from before this moment (start-up)."""
        self._history.clear()
        self.oldest = self.revision

    def flush(self) -> None:
        """Write everything that is not on disk yet, now."""
        if self._persistence is not None:
            self._persistence.flush()

    def close(self) -> None:
        if self._persistence is not None:
            self._persistence.close()

    def _load(self, persistence: Persistence) -> None:
        revision, clean, rows = persistence.load()
        for address, obj in rows:
            self._place(address, obj, None)
        self.revision = max(self.revision, revision + (0 if clean else SKIP_AFTER_CRASH))

    def _place(self, address: Address, obj: Object, previous: Object | None) -> None:
        key, namespace, name = address
        if previous is not None:
            self._disown(address, previous)
        self._objects[key][namespace][name] = obj
        self._encoded.pop(address, None)
        for reference in obj["metadata"].get("ownerReferences") or ():
            self._owned[reference["uid"]].add(address)

    def _disown(self, address: Address, obj: Object) -> None:
        for reference in obj["metadata"].get("ownerReferences") or ():
            owned = self._owned.get(reference["uid"])
            if owned is not None:
                owned.discard(address)
                if not owned:
                    del self._owned[reference["uid"]]

    def _persist(self, address: Address, obj: Object | None) -> None:
        if self._persistence is not None:
            self._persistence.write(address, obj, self.revision)

    def _publish(self, event: Event) -> None:
        if len(self._history) == HISTORY:
            self.oldest = self._history[0].revision
        self._history.append(event)
        for key in (event.resource.storage_key, ""):
            for listener in tuple(self._listeners.get(key, ())):
                listener(event)
