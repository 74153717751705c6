"""Who owns which field: reading and writing metadata.managedFields, and what an update changes of them.

After k8s.io/apimachinery/pkg/util/managedfields/internal and structured-merge-diff's merge.Updater.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.policy.schema.types import Node
from portal.sandbox import fieldsets, objects, typed
from portal.sandbox.contexts import RequestContext
from portal.sandbox.fieldsets import FieldSet, Path
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource

# more Update managers than this are merged into one, oldest first
MAX_UPDATE_MANAGERS = 10
ANCIENT = "ancient-changes"

_UNTRACKED: tuple[Path, ...] = (
    ("f:apiVersion",),
    ("f:kind",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "name", "namespace", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
            "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion",
        )
    ),
)  # fmt: skip
# what admission and PrepareForCreate fill in belongs to nobody, unless the client wrote it
_FILLED_IN: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("", "Pod"): (("spec", "tolerations"), ("spec", "priority"), ("spec", "preemptionPolicy")),
    ("", "Namespace"): (("spec", "finalizers"),),
    ("", "Service"): (
        ("spec", "clusterIP"), ("spec", "clusterIPs"), ("spec", "ipFamilies"), ("spec", "ipFamilyPolicy"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Manager:
    name: str
    operation: str
    api_version: str
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Appliers are the same whatever version they last applied."""
        version = "" if self.operation == "Apply" else self.api_version
        return self.name, self.operation, version, self.subresource

    def __str__(self) -> str:
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass
class Entry:
    manager: Manager
    fields: FieldSet
    time: str = ""


class Managers:
    """An object's managedFields, decoded."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = {entry.manager.identity: entry for entry in entries}

    @classmethod
    def of(cls, obj: Object | None) -> Managers:
        found = ((obj or {}).get("metadata") or {}).get("managedFields") or ()
        return cls([_decode(each) for each in found])

    def find(self, manager: Manager) -> Entry | None:
        return self.entries.get(manager.identity)

    def set(self, manager: Manager, fields: FieldSet, time: str) -> None:
        self.entries[manager.identity] = Entry(manager, fields, time)

    def others(self, manager: Manager) -> list[Entry]:
        return [entry for key, entry in self.entries.items() if key != manager.identity]

    def take(self, manager: Manager, comparison: typed.Comparison) -> None:
        """Nobody else owns what changed, and nobody what is gone."""
        gone = comparison.changed | comparison.removed
        for entry in self.others(manager):
            entry.fields -= gone
        self.drop_empty()

    def drop_empty(self) -> None:
        self.entries = {key: entry for key, entry in self.entries.items() if entry.fields}

    def encode(self) -> list[Object]:
        self._cap()
        ordered = sorted(
            self.entries.values(),
            key=lambda each: (
                each.manager.operation, each.time, each.manager.name, each.manager.api_version,
                each.manager.subresource,
            ),
        )  # fmt: skip
        return [_encode(entry) for entry in ordered]

    def _cap(self) -> None:
        updates = [each for each in self.entries.values() if each.manager.operation == "Update"]
        plain = sorted((each for each in updates if not each.manager.subresource), key=lambda each: each.time)
        while len(updates) > MAX_UPDATE_MANAGERS and len(plain) > 1:
            oldest = plain.pop(0)
            ancient = Manager(ANCIENT, "Update", oldest.manager.api_version)
            if oldest.manager.name == ANCIENT:
                continue
            del self.entries[oldest.manager.identity]
            merged = self.find(ancient)
            fields = oldest.fields | (merged.fields if merged else set())
            self.set(ancient, fields, oldest.time)
            updates = [each for each in self.entries.values() if each.manager.operation == "Update"]


def _decode(entry: Object) -> Entry:
    manager = Manager(
        entry.get("manager", ""),
        entry.get("operation", ""),
        entry.get("apiVersion", ""),
        entry.get("subresource", ""),
    )
    return Entry(manager, fieldsets.from_fields_v1(entry.get("fieldsV1") or {}), entry.get("time") or "")


def _encode(entry: Entry) -> Object:
    manager = entry.manager
    result: Object = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
    }
    if entry.time:
        result["time"] = entry.time
    result["fieldsType"] = "FieldsV1"
    result["fieldsV1"] = fieldsets.to_fields_v1(entry.fields)
    if manager.subresource:
        result["subresource"] = manager.subresource
    return result


def untracked(resource: Resource, subresource: str) -> tuple[Path, ...]:
    """What nobody owns, and what this endpoint resets and hence cannot own."""
    if subresource == "status":
        if resource.custom:
            return (*_UNTRACKED, ("f:spec",), ("f:metadata",))
        labels = (("f:metadata", "f:labels"),) if resource.group in ("apps", "batch") else ()
        return (*_UNTRACKED, ("f:spec",), *labels)
    return (*_UNTRACKED, ("f:status",)) if resource.has_status else _UNTRACKED


def own(fields: FieldSet) -> FieldSet:
    """Without "metadata" itself, which every object has."""
    return fields - {("f:metadata",)}


def manager_of(resource: Resource, ctx: RequestContext, operation: str) -> Manager:
    return Manager(ctx.field_manager, operation, resource.group_version, ctx.subresource)


def updated(
    node: Node, resource: Resource, old: Object | None, new: Object, submitted: Object, ctx: RequestContext
) -> Object:
    """`new` with the managedFields that it has after `ctx.field_manager` created or updated it."""
    metadata = new["metadata"]
    asked = (submitted.get("metadata") or {}).get("managedFields")
    if asked == [] or asked == [{}]:
        # the documented way of starting anew
        metadata.pop("managedFields", None)
        return new
    managers = Managers.of(old if old is not None else None)
    if old is not None and not managers.entries and not asked:
        return new
    before = typed.empty(node) if old is None else old
    ignored = untracked(resource, ctx.subresource)
    found = typed.compare(node, before, _as_written(resource, new, submitted, old)).without(ignored)
    if asked and old is not None:
        managers = Managers.of(submitted)
    manager = manager_of(resource, ctx, "Update")
    managers.take(manager, found)
    mine = managers.find(manager)
    fields = own(((mine.fields if mine else set()) - found.removed) | found.changed)
    if found.changed:
        managers.set(manager, fields, objects.now())
    elif mine is not None:
        mine.fields = fields
    managers.drop_empty()
    encoded = managers.encode()
    if encoded:
        metadata["managedFields"] = encoded
    else:
        metadata.pop("managedFields", None)
    return new


def _as_written(resource: Resource, new: Object, submitted: Object, old: Object | None) -> Object:
    """`new` without what the server itself filled in."""
    paths = _FILLED_IN.get((resource.group, resource.kind), ())
    result = new
    for section, name in paths:
        if name in (submitted.get(section) or {}) or (old and name in (old.get(section) or {})):
            continue
        if name in (result.get(section) or {}):
            result = {**result, section: objects.without(result[section], name)}
    return result


def strip_metadata(obj: Object) -> Object:
    """An applied configuration as field sets see it: no managedFields."""
    metadata: Any = obj.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        return {**obj, "metadata": objects.without(metadata, "managedFields")}
    return obj
