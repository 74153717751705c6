"""The generic registry: create, update, patch and delete of any resource, through admission, into the store.

Every write, by a client or by a controller, goes through here. In order: decoding (field validation, pruning,
defaulting with `portal.policy.apply_defaults` or the CRD's schema), managedFields, mutating admission,
validation, validating admission, the store. Admission plugins therefore see defaulted objects with a name.
Objects that are passed in are copied; objects that come back are shared and must not be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from portal.sandbox import conversions, managedfields, names, patches, preparing, scale, statuses
from portal.sandbox.apply import Applier
from portal.sandbox.contexts import AdmissionPlugin, Attributes, Authorizer, Operation, RequestContext
from portal.sandbox.decoding import Decoder
from portal.sandbox.deletion import Deleter
from portal.sandbox.objects import Object, clone, meta, namespace_of
from portal.sandbox.resources import Resource, Resources
from portal.sandbox.store import Store
from portal.sandbox.validation import validate_create, validate_update

__all__ = ["AdmissionPlugin", "Attributes", "Authorizer", "Registry", "RequestContext"]

Patch = Callable[[Object], Object]


class Registry:
    """One instance per cluster. `admission` is called in order, all `mutate` before all `validate`."""

    def __init__(self, store: Store, resources: Resources, decoder: Decoder) -> None:
        self.store = store
        self.resources = resources
        self.decoder = decoder
        self.admission: list[AdmissionPlugin] = []
        self.applier = Applier(decoder)
        self.deleter = Deleter(self)

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """The object in the version of `resource`; raises NotFound."""
        found = self.store.get(resource, namespace, name)
        if found is None:
            raise statuses.not_found(resource, name)
        return conversions.from_storage(resource, found)

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        return [conversions.from_storage(resource, each) for each in self.store.list(resource, namespace)]

    def create(self, resource: Resource, obj: Object, *, ctx: RequestContext) -> Object:
        """Store a new object; raises AlreadyExists, Invalid, or what admission says."""
        self.decoder.check_metadata(resource, obj)
        decoded = self._decode(resource, obj, ctx)
        preparing.for_create(resource, decoded)
        name = meta(decoded)["name"]
        fresh = managedfields.updated(self.decoder.schema(resource), resource, None, decoded, obj, ctx)
        return self._insert(resource, fresh, name, ctx)

    def update(self, resource: Resource, obj: Object, *, ctx: RequestContext) -> Object:
        """Replace an object, or with `ctx.subresource` its status or scale; raises NotFound, Conflict,
        Invalid."""
        self.decoder.check_metadata(resource, obj)
        namespace, name = namespace_of(obj), meta(obj).get("name", "")
        if ctx.subresource == "scale":
            return self._scale(resource, namespace, name, lambda _old: obj, ctx)
        existing = self.get(resource, namespace, name)
        preparing.check_version(resource, existing, obj)
        decoded = self._decode(resource, obj, ctx)
        if ctx.subresource == "finalize":
            # no finalizers is what this endpoint is for; defaulting would put them back
            decoded["spec"] = clone(obj.get("spec") or {})
        return self._replace(resource, existing, decoded, obj, ctx)

    def update_status(self, resource: Resource, obj: Object, *, ctx: RequestContext) -> Object:
        return self.update(resource, obj, ctx=ctx.on("status"))

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Any,
        patch_type: str,
        *,
        ctx: RequestContext,
    ) -> Object:
        """Change an object by one of the four patch types (`patches.MERGE` …); apply creates what is
        missing."""
        if patch_type == patches.APPLY:
            return self._apply(resource, namespace or "", name, patch, ctx)

        def change(old: Object) -> Object:
            return patches.apply(patch_type, old, patch, self.decoder.schema(resource))

        if ctx.subresource == "scale":
            return self._scale(resource, namespace or "", name, change, ctx)
        existing = self.get(resource, namespace, name)
        raw = change(clone(existing))
        self.decoder.check_metadata(resource, raw)
        preparing.check_identity(resource, existing, raw)
        preparing.check_version(resource, existing, raw)
        return self._replace(resource, existing, self._decode(resource, raw, ctx), raw, ctx)

    def delete(self, resource: Resource, namespace: str | None, name: str, *, ctx: RequestContext) -> Object:
        """Delete or begin to delete; returns what the API answers: the object as it is left, or a Status."""
        return self.deleter.delete(resource, namespace, name, ctx)

    def admit(
        self,
        operation: Operation,
        resource: Resource,
        namespace: str,
        name: str,
        obj: Object | None,
        old: Object | None,
        ctx: RequestContext,
    ) -> Attributes:
        """Run the mutating half; `validate` runs the other. Also for CONNECT and for subresources' bodies."""
        attrs = Attributes(
            operation, resource, ctx.subresource, namespace, name, obj, old, ctx.user, ctx.dry_run,
            preparing.options(operation, ctx), ctx.warnings,
        )  # fmt: skip
        for plugin in self.admission:
            plugin.mutate(attrs)
        return attrs

    def validate(self, attrs: Attributes) -> None:
        for plugin in self.admission:
            plugin.validate(attrs)

    def _decode(self, resource: Resource, obj: Object, ctx: RequestContext) -> Object:
        return self.decoder.decode(resource, obj, ctx.field_validation, ctx.warnings)

    def _insert(self, resource: Resource, obj: Object, name: str, ctx: RequestContext) -> Object:
        namespace = namespace_of(obj)
        attrs = self.admit("CREATE", resource, namespace, name, obj, None, ctx)
        fresh = attrs.object or obj
        preparing.after_admission(resource, fresh)
        errors = names.check_metadata(resource, fresh)
        errors += self.decoder.check(resource, fresh, None) + validate_create(resource, fresh)
        if errors:
            raise statuses.invalid_object(resource, names.shown(fresh), errors)
        self.validate(attrs)
        if self.store.get(resource, namespace, name) is not None:
            raise statuses.already_exists(resource, name)
        stored = conversions.to_storage(resource, fresh)
        if not ctx.dry_run:
            self.store.put(self.resources.stored(resource), stored)
        return conversions.from_storage(resource, stored)

    def _replace(
        self, resource: Resource, existing: Object, new: Object, submitted: Object, ctx: RequestContext
    ) -> Object:
        preparing.for_update(resource, existing, new, ctx.subresource)
        new = managedfields.updated(self.decoder.schema(resource), resource, existing, new, submitted, ctx)
        return self._store_change(resource, existing, new, ctx)

    def _store_change(self, resource: Resource, existing: Object, new: Object, ctx: RequestContext) -> Object:
        namespace, name = namespace_of(existing), existing["metadata"]["name"]
        attrs = self.admit("UPDATE", resource, namespace, name, new, existing, ctx)
        new = attrs.object or new
        preparing.bump_generation(resource, existing, new)
        errors = names.check_metadata(resource, new, existing)
        errors += self.decoder.check(resource, new, existing, ctx.subresource)
        errors += validate_update(resource, new, existing, ctx.subresource)
        if errors:
            raise statuses.invalid_object(resource, name, errors)
        self.validate(attrs)
        if preparing.same(existing, new):
            return existing
        stored = conversions.to_storage(resource, new)
        if ctx.dry_run:
            return conversions.from_storage(resource, stored)
        if self.deleter.is_finished(resource, new):
            self.store.remove(self.resources.stored(resource), namespace, name)
            return conversions.from_storage(resource, stored)
        self.store.put(self.resources.stored(resource), stored)
        return conversions.from_storage(resource, stored)

    def _apply(
        self, resource: Resource, namespace: str, name: str, config: Object, ctx: RequestContext
    ) -> Object:
        if not ctx.field_manager:
            raise preparing.manager_required()
        if ctx.subresource == "scale":
            return self._scale(resource, namespace, name, lambda _old: config, ctx)
        existing = self.store.get(resource, namespace, name)
        if existing is None and ctx.subresource:
            raise statuses.not_found(resource, name)
        self.decoder.check_metadata(resource, config)
        live = None if existing is None else conversions.from_storage(resource, existing)
        config = preparing.for_apply(resource, namespace, name, config, live)
        merged = self.applier.apply(resource, live, config, ctx)
        if live is None:
            return self._insert(resource, merged, name, ctx)
        if merged is live:
            return live
        return self._store_change(resource, live, merged, ctx)

    def _scale(
        self, resource: Resource, namespace: str, name: str, change: Patch, ctx: RequestContext
    ) -> Object:
        parent = self.get(resource, namespace, name)
        old = scale.of(resource, parent)
        new = change(clone(old))
        scale.check(resource, old, new)
        changed = scale.applied(resource, parent, new, ctx)
        stored = self._store_change(resource, parent, changed, replace(ctx, subresource="scale"))
        return scale.of(resource, stored)
