"""Secrets are never shown; that one changed is."""

from __future__ import annotations

import copy
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "••••••"


def fingerprint(value: Any, key: bytes) -> str:
    """A keyed, one-way mark: equal secrets look equal, nothing else is learnt."""
    return f"{MASK} ({hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest()[:8]})"


def mask_documents(documents: Iterable[Mapping[str, Any]], key: bytes) -> list[dict[str, Any]]:
    """Copies of Kubernetes objects in which each value of a Secret's data is its fingerprint."""
    return [mask_document(document, key) for document in documents]


def mask_document(document: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    masked = copy.deepcopy(dict(document))
    if masked.get("kind") == "Secret" and masked.get("apiVersion") == "v1":
        for field in ("data", "stringData"):
            if isinstance(masked.get(field), dict):
                masked[field] = {name: fingerprint(value, key) for name, value in masked[field].items()}
        annotations = (masked.get("metadata") or {}).get("annotations")
        if isinstance(annotations, dict):
            annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return masked


def mask_paths(values: Mapping[str, Any], paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """A copy of chart values with the leaves at `paths` masked."""
    masked = copy.deepcopy(dict(values))
    for path in paths:
        parent: Any = masked
        for part in path[:-1]:
            parent = parent.get(part) if isinstance(parent, dict) else None
        if isinstance(parent, dict) and path and parent.get(path[-1]) not in (None, ""):
            parent[path[-1]] = MASK
    return masked
