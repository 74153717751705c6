"""Namespaces: furnished when they are made, emptied before they go."""

from __future__ import annotations

import asyncio

from portal.sandbox import conditions
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object, clone
from portal.sandbox.resources import Resource
from portal.sandbox.store import Event

# how long an empty namespace stays in Terminating; a real one takes seconds
LINGER_SECONDS = 0.2
ROOT_CA = "kube-root-ca.crt"
_ROOT_CA_NOTE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such "
    "as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across "
    "distributions of Kubernetes clusters."
)


class NamespaceController(Controller):
    name = "namespace-controller"

    def watch(self) -> None:
        self._empty_since: dict[str, float] = {}
        self.on_self("Namespace")
        for kind in ("ServiceAccount", "ConfigMap"):
            self.on(kind, _furniture_lost)
        self.listen(None, self._content_gone)

    def _content_gone(self, event: Event) -> None:
        if event.type != "DELETED" or not event.resource.namespaced:
            return
        name = event.object["metadata"]["namespace"]
        namespace = self.client.get("Namespace", "", name)
        if namespace is not None and namespace["metadata"].get("deletionTimestamp"):
            self.queue.add(("", name))

    def reconcile(self, key: Key) -> float | None:
        namespace = self.client.get("Namespace", *key)
        if namespace is None:
            return None
        if namespace["metadata"].get("deletionTimestamp"):
            return self._empty(namespace)
        self._furnish(key[1])
        return None

    def _furnish(self, namespace: str) -> None:
        if self.client.get("ServiceAccount", namespace, "default") is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount"}
            self.client.create(
                "ServiceAccount", {**account, "metadata": {"name": "default", "namespace": namespace}}
            )
        if self.client.get("ConfigMap", namespace, ROOT_CA) is None:
            metadata = {
                "name": ROOT_CA,
                "namespace": namespace,
                "annotations": {"kubernetes.io/description": _ROOT_CA_NOTE},
            }
            data = {"ca.crt": self.plane.cluster.ca_certificate}
            self.client.create(
                "ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            )

    def _empty(self, namespace: Object) -> float | None:
        """Delete all content; the namespace goes when nothing is left, and says what it waits for."""
        name = namespace["metadata"]["name"]
        for resource, obj in self._contents(name):
            if not obj["metadata"].get("deletionTimestamp"):
                self.client.delete_any(resource, obj, "Background", grace=0)
        left = self._contents(name)
        if not left:
            return self._finish(namespace)
        fresh = self.client.get("Namespace", "", name)
        if fresh is None:
            return None
        changed = clone(fresh)
        before = (changed.get("status") or {}).get("conditions") or []
        after = _remaining(before, left)
        if after != before:
            changed["status"]["conditions"] = after
            self.client.update_status("Namespace", changed)
        return None

    def _finish(self, namespace: Object) -> float | None:
        """Let the empty namespace go, once clients have had the time to see it terminating."""
        now = asyncio.get_running_loop().time()
        uid = namespace["metadata"]["uid"]
        left = self._empty_since.setdefault(uid, now) + LINGER_SECONDS - now
        if left > 0:
            return left
        del self._empty_since[uid]
        self.client.finalize_namespace(namespace)
        return None

    def _contents(self, namespace: str) -> list[tuple[Resource, Object]]:
        kinds = self.plane.kinds
        return [(kinds.by_storage_key(key), obj) for key, obj in self.store.namespace_contents(namespace)]


def _furniture_lost(event: Event) -> list[Key]:
    metadata = event.object["metadata"]
    if event.type == "DELETED" and metadata["name"] in ("default", ROOT_CA):
        return [("", metadata["namespace"])]
    return []


def _remaining(listed: list[Object], left: list[tuple[Resource, Object]]) -> list[Object]:
    kinds: dict[str, int] = {}
    finalizers: dict[str, int] = {}
    for resource, obj in left:
        label = f"{resource.plural}.{resource.group}" if resource.group else f"{resource.plural}."
        kinds[label] = kinds.get(label, 0) + 1
        for finalizer in obj["metadata"].get("finalizers") or ():
            finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
    content = ", ".join(f"{kind} has {number} resource instances" for kind, number in sorted(kinds.items()))
    listed = conditions.put(
        listed,
        "NamespaceContentRemaining",
        "True",
        "SomeResourcesRemain",
        f"Some resources are remaining: {content}",
    )
    if finalizers:
        waiting = ", ".join(
            f"{name} in {number} resource instances" for name, number in sorted(finalizers.items())
        )
        listed = conditions.put(
            listed,
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {waiting}",
        )
    return listed
