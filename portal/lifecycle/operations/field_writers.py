"""Who wrote which fields of an object, as metadata.managedFields tells: those that are not ours stand out.

A field manager is what a client calls itself, so this finds who does not hide. Helm's own name is ours here;
a helm that somebody else ran shows in the revisions of its release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OURS = frozenset({"helm", "slipway", "slipway-policies", "slipway-gate"})
# what clusters themselves write as: controllers, the autoscaler among them, defaulting, and taking over
CONTROL_PLANE = frozenset(
    {"kube-controller-manager", "cloud-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet"}
    | {"before-first-apply", "ancient-changes"}
)
MOST_FIELDS = 6
LONGEST_FIELDS = 300


@dataclass(frozen=True)
class Writing:
    """What one other writer owns of an object. `operation` is Update or Apply, with a subresource."""

    manager: str
    operation: str
    fields: str
    at: datetime | None
    mark: str


def foreign(metadata: Mapping[str, Any]) -> Iterator[Writing]:
    """All that neither we nor the cluster itself wrote; a status alone is nobody's business here."""
    for entry in metadata.get("managedFields") or ():
        manager, part = str(entry.get("manager") or ""), str(entry.get("subresource") or "")
        if manager in OURS or manager in CONTROL_PLANE or part == "status":
            continue
        paths = [path for path in _paths(entry.get("fieldsV1") or {}) if not path.startswith("status")]
        if not paths:
            continue
        operation = str(entry.get("operation") or "")
        time = str(entry.get("time") or "")
        yield Writing(
            manager[:128],
            f"{operation} {part}".strip()[:40],
            _shown(paths),
            moment(time),
            time[:64],
        )


def moment(text: str) -> datetime | None:
    """A cluster's RFC 3339 time; None for none."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _paths(fields: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Leaves, as people write them: `spec.template.spec.containers[name=app].image`."""
    for key, below in fields.items():
        if key == ".":
            continue
        path = _step(before, key)
        inner = [each for each in below if each != "."] if isinstance(below, Mapping) else []
        if inner:
            yield from _paths(below, path)
        else:
            yield path


def _step(before: str, key: str) -> str:
    form, _, name = key.partition(":")
    if form == "f":
        return f"{before}.{name}" if before else name
    if form == "k":
        try:
            found = json.loads(name)
        except ValueError:
            return f"{before}[{name}]"
        return f"{before}[{','.join(f'{part}={value}' for part, value in found.items())}]"
    return f"{before}[{name}]"


def _shown(paths: list[str]) -> str:
    more = len(paths) - MOST_FIELDS
    said = ", ".join(paths[:MOST_FIELDS]) + (f" and {more} more" if more > 0 else "")
    return said[:LONGEST_FIELDS]
