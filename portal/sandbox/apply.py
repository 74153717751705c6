"""Server-side apply: merge a configuration, find conflicts, take over by force, prune what is no longer
applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.policy.schema.types import Node
from portal.sandbox import fieldsets, objects, preparing, typed
from portal.sandbox.contexts import RequestContext
from portal.sandbox.fieldsets import FieldSet
from portal.sandbox.managedfields import Entry, Manager, Managers, manager_of, own, untracked
from portal.sandbox.objects import Object, clone
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import ApiError

if TYPE_CHECKING:
    from portal.sandbox.decoding import Decoder

BEFORE_FIRST_APPLY = "before-first-apply"
Conflicts = list[tuple[Manager, FieldSet]]


class Applier:
    """Applies configurations of any kind."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def apply(self, resource: Resource, live: Object | None, config: Object, ctx: RequestContext) -> Object:
        """The object after the apply; `live` itself when nothing changed. Raises a Conflict naming each
        field."""
        node = self._decoder.schema(resource)
        config = self._decoder.validate(resource, config, ctx.field_validation, ctx.warnings)
        base = live if live is not None else {}
        managers = Managers.of(live)
        if live is not None and not managers.entries:
            _track_existing(node, resource, live, managers)
        manager = manager_of(resource, ctx, "Apply")
        ignored = untracked(resource, ctx.subresource)
        last = managers.find(manager)
        fields = own(fieldsets.without_prefixes(typed.field_set(node, config), ignored))
        merged = typed.merge(node, base, config)
        managers.set(manager, fields, last.time if last else "")
        if last is not None and not last.fields <= fields:
            merged = _prune(node, merged, managers, last.fields)
        found = typed.compare(node, base, merged).without(ignored)
        conflicts = [
            (entry.manager, both)
            for entry in managers.others(manager)
            if (both := entry.fields & found.changed)
        ]
        if conflicts and not ctx.force:
            raise conflict(conflicts)
        managers.take(manager, found)
        return self._finish(resource, live, merged, managers, last, manager, ctx)

    def _finish(
        self,
        resource: Resource,
        live: Object | None,
        merged: Object,
        managers: Managers,
        last: Entry | None,
        manager: Manager,
        ctx: RequestContext,
    ) -> Object:
        fresh = self._decoder.decode(resource, clone(merged), "Ignore", [])
        _prepare(resource, live, fresh, ctx)
        mine = managers.find(manager)
        same_fields = (last.fields if last else None) == (mine.fields if mine else None)
        if live is not None and same_fields and _same(live, fresh):
            return live
        if mine is not None:
            mine.time = objects.now()
        encoded = managers.encode()
        if encoded:
            fresh["metadata"]["managedFields"] = encoded
        return fresh


def _prepare(resource: Resource, live: Object | None, fresh: Object, ctx: RequestContext) -> None:
    if live is None:
        preparing.for_create(resource, fresh)
    else:
        preparing.for_update(resource, live, fresh, ctx.subresource)


def _same(live: Object, fresh: Object) -> bool:
    return bool(preparing.same(live, fresh, ignore_managers=True))


def _track_existing(node: Node, resource: Resource, live: Object, managers: Managers) -> None:
    """What an object without managedFields holds belongs to a manager of that name."""
    fields = own(fieldsets.without_prefixes(typed.field_set(node, live), untracked(resource, "")))
    manager = Manager(BEFORE_FIRST_APPLY, "Update", resource.group_version)
    managers.set(manager, fields, live["metadata"].get("creationTimestamp", ""))


def _prune(node: Node, merged: Object, managers: Managers, last: FieldSet) -> Object:
    """Remove what was applied last time, is not now, and belongs to nobody else."""
    members = fieldsets.with_named_parents
    trie = fieldsets.to_fields_v1
    before = members(typed.field_set(node, merged), node)
    last = members(last, node)
    pruned = typed.remove(node, merged, trie(last))
    kept = members(typed.field_set(node, pruned), node)
    for entry in managers.entries.values():
        kept |= members(entry.fields, node)
    pruned = typed.remove(node, merged, trie(before - kept))
    left = members(typed.field_set(node, pruned), node)
    result: Object = typed.remove(node, merged, trie((before - left) & last))
    return result


def conflict(conflicts: Conflicts) -> ApiError:
    """In the API server's words (managedfields/internal/conflict.go)."""
    ordered = sorted(conflicts, key=lambda each: str(each[0]))
    causes: list[dict[str, Any]] = []
    lines = []
    count = 0
    for manager, fields in ordered:
        paths = [fieldsets.shown(path) for path in sorted(fields)]
        count += len(paths)
        lines.append(f"conflicts with {manager}:\n" + "\n".join(f"- {path}" for path in paths))
        causes.extend(
            {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path}
            for path in paths
        )
    message = f"Apply failed with {count} conflicts: " + "\n".join(lines)
    if count == 1:
        message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    return ApiError(409, "Conflict", message, {"causes": causes})
