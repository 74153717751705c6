"""A team's release may hold only namespaced objects of its own namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.core.objects import key_of
from services_catalog.team_kinds import ALLOWED_KINDS

__all__ = ["ALLOWED_KINDS", "problems"]


def problems(documents: Iterable[Mapping[str, Any]], *, namespace: str, cluster_scoped: bool) -> list[str]:
    """Why these documents may not be one release, each in a sentence; empty when they may.

    `cluster_scoped` offerings, marked by a platform engineer, may go beyond their namespace; what has no
    kind or
    name, and the same object twice, is refused for all.
    """
    found: list[str] = []
    seen = set()
    for document in documents:
        key = key_of(document)
        if not key.api_version or not key.kind or not key.name:
            found.append(
                f"A rendered document has no apiVersion, kind or name ({key.kind or 'unknown kind'})."
            )
            continue
        if (key.kind, key.group, key.namespace or namespace, key.name) in seen:
            found.append(f"{key} is rendered twice.")
        seen.add((key.kind, key.group, key.namespace or namespace, key.name))
        if cluster_scoped:
            continue
        if (key.api_version, key.kind) not in ALLOWED_KINDS:
            found.append(
                f"{key} ({key.api_version}) is not a kind that a team's release may hold. "
                "Ask the platform team for an offering that provides it."
            )
        elif key.namespace and key.namespace != namespace:
            found.append(f"{key} is meant for namespace {key.namespace}; only {namespace} is yours here.")
    return found
