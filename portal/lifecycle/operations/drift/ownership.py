"""Who last set a field of a live object, and when: the API server's managedFields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from portal.lifecycle.operations import field_writers
from portal.lifecycle.operations.diffing import IDENTITY_FIELDS

HELM = "helm"  # the field manager of helm 4, whatever its binary is called
AUTOSCALER = "horizontal-pod-autoscaler"
# the names under which a server hides who it was are nobody's to trust
HIDDEN = frozenset({"before-first-apply", "ancient-changes"})
CONTROL_PLANE = (field_writers.CONTROL_PLANE | {AUTOSCALER}) - HIDDEN
# who reads these is kubectl alone, or a rollout that has been and gone
BESIDE_THE_POINT = (
    "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
    "metadata.annotations.kubectl.kubernetes.io/restartedAt",
    "metadata.annotations.deployment.kubernetes.io/revision",
    "metadata.annotations.kubernetes.io/change-cause",
    "spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt",
)
OF_THE_SERVER = ("status", "metadata.managedFields", "metadata.ownerReferences")


@dataclass(frozen=True)
class Owner:
    """`at` is RFC 3339, "" when the server does not say; `operation` is Update or Apply, and of what."""

    manager: str
    at: str
    operation: str = ""


@dataclass(frozen=True)
class Owned:
    """One field of an object, as somebody set it."""

    path: str
    value: Any
    owner: Owner


def is_somebody(manager: str) -> bool:
    """Whether what this manager writes has to be minded: neither we, nor what runs the cluster, nor an
    operator that SLIPWAY_DRIFT_CONTROLLERS names. Whoever is not known is somebody."""
    return manager not in field_writers.OURS and not is_controller(manager)


def is_controller(manager: str) -> bool:
    return manager in CONTROL_PLANE or is_operator(manager)


def is_operator(manager: str) -> bool:
    return manager in settings.SLIPWAY_DRIFT_CONTROLLERS


def entries(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """In the order of writing, without those of a status."""
    found = (live.get("metadata") or {}).get("managedFields") or []
    kept = [entry for entry in found if entry.get("subresource") != "status"]
    return sorted(kept, key=lambda entry: str(entry.get("time") or ""))


def is_recorded(live: Mapping[str, Any]) -> bool:
    """Whether the server knows what helm applied. Whoever may write an object may wipe its managedFields;
    made anew by hand, it has none of helm's."""
    return any(entry.get("manager") == HELM for entry in entries(live))


def owners(live: Mapping[str, Any]) -> dict[str, Owner]:
    """By path, as diffing writes paths; of several managers of a field the one that wrote last."""
    return {owned.path: owned.owner for owned in _owned(entries(live), live)}


def writer(live: Mapping[str, Any]) -> Owner | None:
    """Who wrote the object first, as far as the server still knows."""
    found = [_owner(entry) for entry in entries(live)]
    return next((owner for owner in found if is_somebody(owner.manager)), next(iter(found), None))


def added(live: Mapping[str, Any], covered: Mapping[str, Any]) -> list[Owned]:
    """Fields that somebody set and helm did not; their values as in `covered`, which is `live` without what
    is secret. Of two who set the same, the one that wrote last."""
    found = entries(live)
    beside = [entry for entry in found if is_somebody(str(entry.get("manager") or ""))]
    if not beside:
        return []
    ours = {owned.path for owned in _owned([entry for entry in found if entry not in beside], covered)}
    kept = {owned.path: owned for owned in _owned(beside, covered) if is_minded(owned.path)}
    return [owned for path, owned in kept.items() if path not in ours]


def is_minded(path: str) -> bool:
    below = tuple(f"{part}{mark}" for part in OF_THE_SERVER for mark in ".[")
    return path not in BESIDE_THE_POINT and path not in OF_THE_SERVER and not path.startswith(below)


def _owner(entry: Mapping[str, Any]) -> Owner:
    operation = f"{entry.get('operation') or ''} {entry.get('subresource') or ''}".strip()
    return Owner(str(entry.get("manager") or ""), str(entry.get("time") or ""), operation)


def _owned(found: Iterable[Mapping[str, Any]], shown: Mapping[str, Any]) -> Iterator[Owned]:
    for entry in found:
        owner = _owner(entry)
        for path, value in _leaves(entry.get("fieldsV1") or {}, shown, ""):
            yield Owned(path, value, owner)


def _leaves(fields: Mapping[str, Any], value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Of one manager's fields; what the live object no longer has is passed over, and so is what merely
    holds fields of others."""
    if not fields:
        yield path, value
        return
    if set(fields) == {"."}:
        if not value:
            yield path, value
        return
    for name, below in fields.items():
        mark, _, rest = name.partition(":")
        if mark == "f" and isinstance(value, Mapping) and rest in value:
            yield from _leaves(below, value[rest], f"{path}.{rest}" if path else rest)
        elif mark == "k" and isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping) and has(item, json.loads(rest)):
                    yield from _leaves(below, item, f"{path}[{_name_in(item, value)}]")
        elif mark == "v" and isinstance(value, list) and (member := json.loads(rest)) in value:
            yield f"{path}[{value.index(member)}]", member


def has(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    return all(item.get(name) == value for name, value in keys.items())


def _name_in(item: Mapping[str, Any], items: list[Any]) -> Any:
    """By which diffing tells this member from the others."""
    for name in IDENTITY_FIELDS:
        values = [other.get(name) for other in items if isinstance(other, Mapping)]
        if all(isinstance(value, str | int) for value in values) and len(set(values)) == len(items):
            return item[name]
    return items.index(item)
