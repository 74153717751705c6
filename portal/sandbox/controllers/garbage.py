"""Garbage collection by ownerReferences: background, foreground and orphan, as in a real cluster."""

from __future__ import annotations

from portal.sandbox.contexts import Propagation
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object, clone
from portal.sandbox.resources import Resource
from portal.sandbox.store import Event

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class GarbageCollector(Controller):
    """Keys are (storage key of the resource, namespace/name): any kind may own any other."""

    name = "generic-garbage-collector"

    def watch(self) -> None:
        self._resources: dict[str, Resource] = {}
        self.listen(None, self._changed)
        for resource in self.plane.kinds.stored():
            for obj in self.store.list(resource):
                self._changed(Event("ADDED", resource, obj, None))

    def _changed(self, event: Event) -> None:
        metadata = event.object["metadata"]
        if event.type == "DELETED":
            for resource, dependent in self.client.dependents(metadata["uid"]):
                self._enqueue(resource, dependent)
            # an owner that waits in the foreground looks again when one of its dependents has gone
            for reference in metadata.get("ownerReferences") or ():
                self._enqueue_owner(reference, metadata.get("namespace", ""))
        elif (
            metadata.get("deletionTimestamp") and set(metadata.get("finalizers") or ()) & {FOREGROUND, ORPHAN}
        ) or (event.type == "ADDED" and metadata.get("ownerReferences")):
            self._enqueue(event.resource, event.object)
        elif event.previous is not None and metadata.get("ownerReferences") != event.previous["metadata"].get(
            "ownerReferences"
        ):
            self._enqueue(event.resource, event.object)
            for reference in event.previous["metadata"].get("ownerReferences") or ():
                self._enqueue_owner(reference, metadata.get("namespace", ""))

    def _enqueue(self, resource: Resource, obj: Object) -> None:
        self._resources[resource.storage_key] = resource
        metadata = obj["metadata"]
        self.queue.add((resource.storage_key, f"{metadata.get('namespace', '')}/{metadata['name']}"))

    def _enqueue_owner(self, reference: Object, namespace: str) -> None:
        resource, owner = self._owner(reference, namespace)
        if resource is not None and owner is not None and owner["metadata"].get("deletionTimestamp"):
            self._enqueue(resource, owner)

    def reconcile(self, key: Key) -> float | None:
        resource = self._resources[key[0]]
        namespace, _, name = key[1].partition("/")
        obj = self.store.get(resource, namespace or None, name)
        if obj is None:
            return None
        finalizers = obj["metadata"].get("finalizers") or ()
        if obj["metadata"].get("deletionTimestamp"):
            if ORPHAN in finalizers:
                self._orphan(resource, obj)
            elif FOREGROUND in finalizers:
                self._foreground(resource, obj)
        elif obj["metadata"].get("ownerReferences"):
            self._collect(resource, obj)
        return None

    def _collect(self, resource: Resource, obj: Object) -> None:
        """Delete a dependent whose owners are all gone or wait for it; else drop references that dangle."""
        references = obj["metadata"]["ownerReferences"]
        solid, waiting = [], []
        for reference in references:
            _, owner = self._owner(reference, obj["metadata"].get("namespace", ""))
            if owner is None:
                continue
            terminating = owner["metadata"].get("deletionTimestamp")
            if terminating and FOREGROUND in (owner["metadata"].get("finalizers") or ()):
                waiting.append(reference)
            else:
                solid.append(reference)
        if solid:
            if len(solid) != len(references):
                self._keep_references(resource, obj, solid)
            return
        policy: Propagation = (
            "Foreground" if waiting and self.client.dependents(obj["metadata"]["uid"]) else "Background"
        )
        self.client.delete_any(resource, obj, policy)

    def _foreground(self, resource: Resource, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        dependents = self.client.dependents(uid)
        blocking = [each for each in dependents if _blocks(each[1], uid)]
        if not blocking:
            self._drop_finalizer(resource, obj, FOREGROUND)
        for dependent_resource, dependent in dependents:
            if not dependent["metadata"].get("deletionTimestamp"):
                self._collect(dependent_resource, dependent)

    def _orphan(self, resource: Resource, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        for dependent_resource, dependent in self.client.dependents(uid):
            rest = [each for each in dependent["metadata"]["ownerReferences"] if each["uid"] != uid]
            self._keep_references(dependent_resource, dependent, rest)
        self._drop_finalizer(resource, obj, ORPHAN)

    def _keep_references(self, resource: Resource, obj: Object, references: list[Object]) -> None:
        changed = clone(obj)
        if references:
            changed["metadata"]["ownerReferences"] = references
        else:
            changed["metadata"].pop("ownerReferences", None)
        self.client.update_any(resource, changed)

    def _drop_finalizer(self, resource: Resource, obj: Object, finalizer: str) -> None:
        changed = clone(obj)
        changed["metadata"]["finalizers"] = [
            each for each in changed["metadata"]["finalizers"] if each != finalizer
        ]
        self.client.update_any(resource, changed)

    def _owner(self, reference: Object, namespace: str) -> tuple[Resource | None, Object | None]:
        """The owner that is meant, by uid; a namesake made later is not it."""
        resource = self.plane.kinds.of_reference(reference["apiVersion"], reference["kind"])
        if resource is None:
            return None, None
        owner = self.store.get(resource, namespace if resource.namespaced else None, reference["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return resource, None
        return resource, owner


def _blocks(dependent: Object, uid: str) -> bool:
    return any(
        each["uid"] == uid and each.get("blockOwnerDeletion")
        for each in dependent["metadata"].get("ownerReferences") or ()
    )
