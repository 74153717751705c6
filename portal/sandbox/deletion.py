"""Deleting: preconditions, graceful pods, finalizers, propagation, namespaces that empty themselves first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from portal.sandbox import conversions, objects, statuses
from portal.sandbox.contexts import RequestContext
from portal.sandbox.objects import Object, clone
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import ApiError

if TYPE_CHECKING:
    from portal.sandbox.registry import Registry

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
DEFAULT_GRACE_SECONDS = 30
# kinds that answer with the deleted object instead of a Status
_RETURNED = {
    "PersistentVolume", "PersistentVolumeClaim", "Pod", "PodTemplate", "ResourceQuota", "Service",
    "ServiceAccount",
}  # fmt: skip
# kinds whose dependents stay unless the client says otherwise
_ORPHANING = {("batch", "Job"), ("", "ReplicationController")}
_JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to "
    "remove them or "
    "set propagationPolicy=Orphan to suppress this warning"
)


class Deleter:
    """Part of the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def delete(self, resource: Resource, namespace: str | None, name: str, ctx: RequestContext) -> Object:
        """What the API answers: a Status when the object is gone, the object when it waits for something."""
        registry = self._registry
        existing = registry.get(resource, namespace, name)
        check_preconditions(resource, existing, ctx)
        attrs = registry.admit("DELETE", resource, namespace or "", name, None, existing, ctx)
        registry.validate(attrs)
        marked = self._marked(resource, existing, ctx)
        stored = registry.resources.stored(resource)
        if self.is_finished(resource, marked):
            if not ctx.dry_run:
                if marked["metadata"].get("finalizers") != existing["metadata"].get("finalizers"):
                    registry.store.put(stored, conversions.to_storage(resource, marked))
                registry.store.remove(stored, namespace, name)
            if resource.kind in _RETURNED and not resource.custom:
                return marked
            return statuses.success(resource, name, existing["metadata"]["uid"])
        if marked is not existing and not ctx.dry_run:
            registry.store.put(stored, conversions.to_storage(resource, marked))
        return marked

    def is_finished(self, resource: Resource, obj: Object) -> bool:
        """Whether nothing holds an object back that is being deleted."""
        metadata = obj["metadata"]
        if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
            return False
        if resource.kind == "Namespace" and not resource.group:
            return not (obj.get("spec") or {}).get("finalizers")
        return not metadata.get("deletionGracePeriodSeconds")

    def _marked(self, resource: Resource, existing: Object, ctx: RequestContext) -> Object:
        """The object as deletion leaves it: with its timestamp, and the finalizers of the propagation."""
        grace = _grace_seconds(resource, existing, ctx)
        finalizers = _finalizers(resource, existing, ctx)
        metadata = existing["metadata"]
        shorter = grace < (metadata.get("deletionGracePeriodSeconds") or 0)
        if (
            metadata.get("deletionTimestamp")
            and not shorter
            and finalizers == (metadata.get("finalizers") or [])
        ):
            return existing
        marked: Object = clone(existing)
        fresh = marked["metadata"]
        if finalizers:
            fresh["finalizers"] = finalizers
        else:
            fresh.pop("finalizers", None)
        if not metadata.get("deletionTimestamp") or shorter:
            fresh["deletionTimestamp"] = _in_seconds(grace)
            if not (resource.kind == "Namespace" and not resource.group):
                fresh["deletionGracePeriodSeconds"] = grace
            if "generation" in fresh and not metadata.get("deletionTimestamp"):
                fresh["generation"] += 1
        if resource.kind == "Namespace" and not resource.group:
            marked["status"] = {**(marked.get("status") or {}), "phase": "Terminating"}
        return marked


def check_preconditions(resource: Resource, existing: Object, ctx: RequestContext) -> None:
    metadata = existing["metadata"]
    uid, version = metadata["uid"], metadata["resourceVersion"]
    if ctx.precondition_uid and ctx.precondition_uid != uid:
        raise _mismatch(
            resource, metadata["name"],
            f"the UID in the precondition ({ctx.precondition_uid}) does not match the UID in record "
            f"({uid}). The "
            "object might have been deleted and then recreated",
        )  # fmt: skip
    if ctx.precondition_version and ctx.precondition_version != version:
        raise _mismatch(
            resource, metadata["name"],
            f"the ResourceVersion in the precondition ({ctx.precondition_version}) does not match the "
            f"ResourceVersion in record ({version}). The object might have been modified",
        )  # fmt: skip


def _mismatch(resource: Resource, name: str, why: str) -> ApiError:
    """Preconditions name the kind where other conflicts name the resource."""
    return statuses.conflict(replace(resource, plural=resource.kind), name, why)


def _grace_seconds(resource: Resource, existing: Object, ctx: RequestContext) -> int:
    if resource.kind != "Pod" or resource.group:
        return 0
    if ctx.grace_period_seconds is not None:
        asked = ctx.grace_period_seconds
    else:
        asked = existing["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
    phase = (existing.get("status") or {}).get("phase")
    if not existing["spec"].get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    return max(int(asked), 0)


def _finalizers(resource: Resource, existing: Object, ctx: RequestContext) -> list[str]:
    found = list(existing["metadata"].get("finalizers") or [])
    if ctx.propagation in ("Foreground", "Orphan"):
        wanted = FOREGROUND if ctx.propagation == "Foreground" else ORPHAN
    elif not ctx.propagation and (resource.group, resource.kind) in _ORPHANING:
        wanted = "" if FOREGROUND in found else ORPHAN
        if resource.kind == "Job" and _JOB_WARNING not in ctx.warnings:
            ctx.warnings.append(_JOB_WARNING)
    elif not ctx.propagation:
        return found
    else:
        wanted = ""
    rest = [each for each in found if each not in (FOREGROUND, ORPHAN)]
    return [*rest, wanted] if wanted else rest


def _in_seconds(seconds: int) -> str:
    if not seconds:
        return objects.now()
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
