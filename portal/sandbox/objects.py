"""Kubernetes objects as plain JSON values: copying, encoding, times and paths."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]


def clone(value: Any) -> Any:
    """A deep copy of JSON values; about ten times as fast as copy.deepcopy."""
    if isinstance(value, dict):
        return {key: clone(item) if isinstance(item, (dict, list)) else item for key, item in value.items()}
    if isinstance(value, list):
        return [clone(item) if isinstance(item, (dict, list)) else item for item in value]
    return value


def encode(value: Any) -> str:
    """Compact JSON, as it goes over the wire."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def now() -> str:
    """This second, as metav1.Time prints it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_micro() -> str:
    """This moment, as metav1.MicroTime prints it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(moment: str) -> float:
    """Seconds since the epoch of a metav1.Time or MicroTime; 0.0 for what is no time."""
    try:
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def dig(value: Any, *path: str) -> Any:
    """The value at a path of keys, or None where any part of it is missing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def meta(obj: Object) -> Object:
    """The metadata, made when missing or null."""
    found = obj.get("metadata")
    if not isinstance(found, dict):
        found = obj["metadata"] = {}
    return found


def name_of(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("name") or "")


def namespace_of(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("namespace") or "")


def without(obj: Object, *fields: str) -> Object:
    """A shallow copy lacking the given top-level fields."""
    return {key: value for key, value in obj.items() if key not in fields}
