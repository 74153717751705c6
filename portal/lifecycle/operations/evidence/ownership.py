"""Who last set a field of a live object, and when: the API server's managedFields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.lifecycle.operations.diffing import IDENTITY_FIELDS

CONTROLLERS = frozenset({"kube-controller-manager", "horizontal-pod-autoscaler"})


@dataclass(frozen=True)
class Owner:
    """`at` is RFC 3339, "" when the server does not say."""

    manager: str
    at: str


def owners(live: Mapping[str, Any]) -> dict[str, Owner]:
    """By path, as diffing writes paths; of several managers of a field the one that wrote last."""
    entries = (live.get("metadata") or {}).get("managedFields") or []
    found: dict[str, Owner] = {}
    for entry in sorted(entries, key=lambda entry: str(entry.get("time") or "")):
        if entry.get("subresource") == "status":
            continue
        owner = Owner(str(entry.get("manager") or ""), str(entry.get("time") or ""))
        for path in _paths(entry.get("fieldsV1") or {}, live, ""):
            found[path] = owner
    return found


def _paths(fields: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    """Of each leaf of one manager's fields; what the live object no longer has is passed over."""
    if not fields or set(fields) == {"."}:
        yield path
        return
    for name, below in fields.items():
        mark, _, rest = name.partition(":")
        if mark == "f" and isinstance(value, Mapping) and rest in value:
            yield from _paths(below, value[rest], f"{path}.{rest}" if path else rest)
        elif mark == "k" and isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping) and _has(item, json.loads(rest)):
                    yield from _paths(below, item, f"{path}[{_name_in(item, value)}]")


def _has(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    return all(item.get(name) == value for name, value in keys.items())


def _name_in(item: Mapping[str, Any], items: list[Any]) -> Any:
    """By which diffing tells this member from the others."""
    for name in IDENTITY_FIELDS:
        values = [other.get(name) for other in items if isinstance(other, Mapping)]
        if all(isinstance(value, str | int) for value in values) and len(set(values)) == len(items):
            return item[name]
    return items.index(item)
