"""CustomResourceDefinitions: checked, established, served, and their resources removed with them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from portal.sandbox import objects, structural
from portal.sandbox.contexts import system_context
from portal.sandbox.decoding import Decoder
from portal.sandbox.objects import Object, clone
from portal.sandbox.registry import Registry
from portal.sandbox.resources import VERBS, Resource, Resources, Subresource
from portal.sandbox.store import Event, Store

CRD_GROUP = "apiextensions.k8s.io"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_MANAGER = "kube-apiserver"


@dataclass(frozen=True)
class CustomScale(Subresource):
    """A scale subresource with the paths of what it shows."""

    paths: tuple[tuple[str, str], ...] = ()


class CustomResources:
    """Keeps what is served in step with the stored definitions."""

    def __init__(self, store: Store, registry: Registry, resources: Resources, decoder: Decoder) -> None:
        self._store, self._registry = store, registry
        self._resources, self._decoder = resources, decoder
        self._definitions = resources.require(CRD_GROUP, "CustomResourceDefinition")
        self._served: dict[str, list[Resource]] = {}
        self._versions: dict[tuple[str, str, str], Object] = {}
        for definition in store.list(self._definitions):
            self._serve(definition)
        self._stop = store.subscribe(None, self._changed)

    def start(self) -> None:
        """Establish what a stop left half-way."""
        for definition in self._store.list(self._definitions):
            self._settle(definition)

    def stop(self) -> None:
        self._stop()

    def columns(self, resource: Resource) -> list[Object]:
        """additionalPrinterColumns of a served version."""
        return list(self._versions.get(resource.gvk, {}).get("additionalPrinterColumns") or ())

    def selectable(self, resource: Resource) -> tuple[str, ...]:
        """Fields of a served version that fieldSelectors may name."""
        found = self._versions.get(resource.gvk, {}).get("selectableFields") or ()
        return tuple(each["jsonPath"].lstrip(".") for each in found)

    def version(self, resource: Resource) -> Object:
        """The definition's entry for a served version."""
        return self._versions.get(resource.gvk, {})

    def _changed(self, event: Event) -> None:
        if event.resource.custom:
            if event.type == "DELETED":
                self._soon(f"{event.resource.plural}.{event.resource.group}")
        elif event.resource is self._definitions:
            self._forget(event.object["metadata"]["name"])
            if event.type != "DELETED":
                self._serve(event.object)
                self._soon(event.object["metadata"]["name"])

    def _soon(self, name: str) -> None:
        """Settle a definition in a turn of its own: listeners must not write."""
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().call_soon(self._settle_named, name)

    def _settle_named(self, name: str) -> None:
        definition = self._store.get(self._definitions, None, name)
        if definition is not None:
            self._settle(definition)

    def _serve(self, definition: Object) -> None:
        if not _is_established(definition):
            return
        spec = definition["spec"]
        stored = next(each["name"] for each in spec["versions"] if each.get("storage"))
        served = []
        for version in spec["versions"]:
            if not version.get("served") and version["name"] != stored:
                continue
            resource = _resource(spec, version, stored)
            self._decoder.register(
                resource, structural.compiled((version.get("schema") or {}).get("openAPIV3Schema"))
            )
            self._versions[resource.gvk] = version
            self._resources.register(resource)
            served.append(resource)
        self._served[definition["metadata"]["name"]] = served

    def _forget(self, name: str) -> None:
        for resource in self._served.pop(name, ()):
            self._resources.unregister(resource)
            self._decoder.unregister(resource)
            self._versions.pop(resource.gvk, None)

    def _settle(self, definition: Object) -> None:
        if definition["metadata"].get("deletionTimestamp"):
            self._clean_up(definition)
        elif not _is_established(definition):
            self._establish(definition)

    def _establish(self, definition: Object) -> None:
        changed: Object = clone(definition)
        moment = objects.now()
        changed["status"] = {
            **(changed.get("status") or {}),
            "acceptedNames": clone(changed["spec"]["names"]),
            "conditions": [
                _condition("NamesAccepted", "NoConflicts", "no conflicts found", moment),
                _condition(
                    "Established", "InitialNamesAccepted", "the initial names have been accepted", moment
                ),
            ],
        }
        metadata = changed["metadata"]
        if CLEANUP not in (metadata.get("finalizers") or ()):
            metadata["finalizers"] = [*(metadata.get("finalizers") or ()), CLEANUP]
        changed["status"].setdefault("storedVersions", [])
        self._store.put(self._definitions, changed)

    def _clean_up(self, definition: Object) -> None:
        """Delete every custom resource, then let the definition go."""
        ctx = system_context("apiserver", _MANAGER)
        name = definition["metadata"]["name"]
        left = 0
        for resource in self._served.get(name, [])[:1]:
            for obj in self._store.list(resource):
                if not obj["metadata"].get("deletionTimestamp"):
                    self._registry.delete(
                        resource, objects.namespace_of(obj), obj["metadata"]["name"], ctx=ctx
                    )
            left = self._store.count(resource)
        current = self._store.get(self._definitions, None, name)
        if left or current is None or CLEANUP not in (current["metadata"].get("finalizers") or ()):
            return
        changed: Object = clone(current)
        changed["metadata"]["finalizers"].remove(CLEANUP)
        if changed["metadata"]["finalizers"]:
            self._store.put(self._definitions, changed)
        else:
            self._store.remove(self._definitions, None, name)


def _is_established(definition: Object) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _condition(kind: str, reason: str, message: str, moment: str) -> Object:
    return {
        "type": kind,
        "status": "True",
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def _resource(spec: Object, version: Object, stored: str) -> Resource:
    names = spec["names"]
    subresources: dict[str, Subresource] = {}
    declared: dict[str, Any] = version.get("subresources") or {}
    if "status" in declared:
        subresources["status"] = Subresource("status")
    if "scale" in declared:
        paths = tuple(sorted((key, str(value)) for key, value in (declared["scale"] or {}).items()))
        subresources["scale"] = CustomScale(
            "scale", group="autoscaling", version="v1", kind="Scale", paths=paths
        )
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        short_names=tuple(names.get("shortNames") or ()),
        namespaced=spec["scope"] == "Namespaced",
        verbs=VERBS,
        subresources=subresources,
        categories=tuple(names.get("categories") or ()),
        stored_as=f"{spec['group']}/{stored}",
        custom=True,
        list_kind=names.get("listKind") or "",
    )
