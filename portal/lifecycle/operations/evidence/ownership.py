"""Who last set a field of a live object, and when: the API server's managedFields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.lifecycle.operations.diffing import IDENTITY_FIELDS

CONTROLLERS = frozenset({"kube-controller-manager", "horizontal-pod-autoscaler"})
HELM = "helm"  # the field manager of helm 4, whatever its binary is called
BY_HAND = "kubectl"  # and kubectl-edit, kubectl-patch …
# where what is added makes something else run; labels and annotations do not
WITH_EFFECT = ("spec.", "data.", "binaryData.")
RESTARTED = "spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"


@dataclass(frozen=True)
class Owner:
    """`at` is RFC 3339, "" when the server does not say."""

    manager: str
    at: str


@dataclass(frozen=True)
class Owned:
    """One field of an object, as somebody set it."""

    path: str
    value: Any
    owner: Owner


def owners(live: Mapping[str, Any]) -> dict[str, Owner]:
    """By path, as diffing writes paths; of several managers of a field the one that wrote last."""
    return {owned.path: owned.owner for owned in _owned(live, live)}


def added_by_hand(live: Mapping[str, Any], covered: Mapping[str, Any]) -> list[Owned]:
    """Fields that somebody set with kubectl where the release says nothing; their values as in `covered`,
    which is `live` without what is secret."""
    found = list(_owned(live, covered))
    sealed = {owned.path for owned in found if owned.owner.manager == HELM}
    return [
        owned
        for owned in found
        if owned.owner.manager.startswith(BY_HAND)
        and owned.path.startswith(WITH_EFFECT)
        and owned.path not in sealed | {RESTARTED}
    ]


def _owned(live: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[Owned]:
    """In the order of writing."""
    entries = (live.get("metadata") or {}).get("managedFields") or []
    for entry in sorted(entries, key=lambda entry: str(entry.get("time") or "")):
        if entry.get("subresource") == "status":
            continue
        owner = Owner(str(entry.get("manager") or ""), str(entry.get("time") or ""))
        for path, value in _leaves(entry.get("fieldsV1") or {}, shown, ""):
            yield Owned(path, value, owner)


def _leaves(fields: Mapping[str, Any], value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Of one manager's fields; what the live object no longer has is passed over."""
    if not fields or set(fields) == {"."}:
        yield path, value
        return
    for name, below in fields.items():
        mark, _, rest = name.partition(":")
        if mark == "f" and isinstance(value, Mapping) and rest in value:
            yield from _leaves(below, value[rest], f"{path}.{rest}" if path else rest)
        elif mark == "k" and isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping) and _has(item, json.loads(rest)):
                    yield from _leaves(below, item, f"{path}[{_name_in(item, value)}]")


def _has(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    return all(item.get(name) == value for name, value in keys.items())


def _name_in(item: Mapping[str, Any], items: list[Any]) -> Any:
    """By which diffing tells this member from the others."""
    for name in IDENTITY_FIELDS:
        values = [other.get(name) for other in items if isinstance(other, Mapping)]
        if all(isinstance(value, str | int) for value in values) and len(set(values)) == len(items):
            return item[name]
    return items.index(item)
