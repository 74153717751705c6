"""How controllers read and write: by kind ("Pod", "apps/Deployment"), as a control plane user."""

from __future__ import annotations

from dataclasses import replace

from portal.sandbox import owners
from portal.sandbox.contexts import Propagation, system_context
from portal.sandbox.controllers.plane import ControlPlane
from portal.sandbox.node import podstatus
from portal.sandbox.objects import Object, clone
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import ApiError

MANAGER = "kube-controller-manager"
# beside a method called `list`, `list[…]` would mean that
Objects = list[Object]
Owned = list[tuple[Resource, Object]]


class Client:
    """Reads hand out shared objects, never to be changed; writes take new ones.

    `component` names the writer in events. All controllers write as one field manager, like the real ones.
    """

    def __init__(self, plane: ControlPlane, component: str) -> None:
        self._plane = plane
        self._store = plane.store
        self._registry = plane.registry
        self._component = component
        self._context = system_context(MANAGER)

    def resource(self, kind: str) -> Resource:
        return self._plane.kinds[kind]

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._store.get(self.resource(kind), namespace, name)

    def list(self, kind: str, namespace: str | None = None) -> Objects:
        return self._store.list(self.resource(kind), namespace)

    def owned(self, kind: str, owner: Object) -> Objects:
        """The objects of a kind that `owner` controls, by name."""
        key = self.resource(kind).storage_key
        return [
            obj
            for stored_under, obj in self._store.owned_by(owner["metadata"]["uid"])
            if stored_under == key and owners.is_controlled_by(obj, owner)
        ]

    def adopted(self, kind: str, owner: Object, selector: Object | None) -> Objects:
        """The orphans in the owner's namespace that `selector` matches, from now on controlled by `owner`."""
        return [
            self.adopt(kind, obj, owner)
            for obj in self.list(kind, owner["metadata"]["namespace"])
            if not obj["metadata"].get("ownerReferences")
            and not obj["metadata"].get("deletionTimestamp")
            and owners.selects(selector, obj["metadata"].get("labels"))
        ]

    def dependents(self, uid: str) -> Owned:
        """Everything that names `uid` among its owners."""
        return [(self._plane.kinds.by_storage_key(key), obj) for key, obj in self._store.owned_by(uid)]

    def create(self, kind: str, obj: Object) -> Object:
        return self._registry.create(self.resource(kind), obj, ctx=self._context)

    def update(self, kind: str, obj: Object) -> Object:
        return self.update_any(self.resource(kind), obj)

    def update_any(self, resource: Resource, obj: Object) -> Object:
        return self._registry.update(resource, obj, ctx=self._context)

    def update_status(self, kind: str, obj: Object) -> Object:
        return self._registry.update(self.resource(kind), obj, ctx=self._context.on("status"))

    def scale(self, kind: str, obj: Object, replicas: int) -> None:
        """Set the size through the scale subresource, as autoscalers do."""
        metadata = {key: obj["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}
        body = {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": metadata,
            "spec": {"replicas": replicas},
        }
        self._registry.update(self.resource(kind), body, ctx=self._context.on("scale"))

    def adopt(self, kind: str, obj: Object, owner: Object) -> Object:
        changed = clone(obj)
        changed["metadata"].setdefault("ownerReferences", []).append(owners.reference_to(owner))
        return self.update(kind, changed)

    def delete(self, kind: str, obj: Object, *, grace: int | None = None) -> None:
        self.delete_any(self.resource(kind), obj, "Background", grace=grace)

    def delete_any(
        self, resource: Resource, obj: Object, propagation: Propagation, *, grace: int | None = None
    ) -> None:
        """Delete exactly this object (by uid); that it has gone already is as good."""
        metadata = obj["metadata"]
        context = replace(
            self._context,
            propagation=propagation,
            grace_period_seconds=grace,
            precondition_uid=metadata["uid"],
        )
        try:
            self._registry.delete(resource, metadata.get("namespace", ""), metadata["name"], ctx=context)
        except ApiError as refusal:
            if refusal.code != 404:
                raise

    def finalize_namespace(self, namespace: Object) -> None:
        """Let go of an empty namespace."""
        changed = clone(namespace)
        changed["spec"]["finalizers"] = []
        self._registry.update(self.resource("Namespace"), changed, ctx=self._context.on("finalize"))

    def bind(self, pod: Object, node: str) -> None:
        """Place a pod, as the scheduler's binding does: no field manager owns the node's name."""
        changed = clone(pod)
        changed["spec"]["nodeName"] = node
        changed["status"] = podstatus.scheduled(pod)
        self._store.put(self.resource("Pod"), changed)

    def event(self, about: Object, kind: str, reason: str, message: str, component: str = "") -> None:
        """Record an Event (`kind` Normal or Warning); the same one again only raises its count."""
        self._plane.recorder.record(about, kind, reason, message, component or self._component)
