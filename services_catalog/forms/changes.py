"""What a person changed against what would apply anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.core import pointers
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, pointer
from services_catalog import schemas
from services_catalog.coalescing import alike
from services_catalog.models import OfferingVersion, Plan
from services_catalog.values import base_values, leaves, masked


@dataclass(frozen=True)
class Change:
    """One value that differs from its default; secrets are masked. `removed`: null takes the default away."""

    path: str
    label: str
    value: Any
    default: Any = None
    has_default: bool = False

    @property
    def removed(self) -> bool:
        return self.value is None and self.has_default


def changes(version: OfferingVersion, plan: Plan | None, values: Mapping[str, Any]) -> list[Change]:
    """Every place where `values` (a person's) differ from the chart's defaults under the plan's, in order."""
    base = base_values(version, plan)
    shown, shown_base = masked(version.values_schema, values), masked(version.values_schema, base)
    found = []
    for path, value in leaves(values):
        default = pointers.get(base, path)
        if alike(value, default):
            continue
        node = schemas.at(version.values_schema, path) or {}
        found.append(
            Change(
                pointer(path),
                str(node.get("title") or path[-1]),
                _shown(pointers.get(shown, path), node),
                None if default is ABSENT else _shown(pointers.get(shown_base, path), node),
                default is not ABSENT,
            )
        )
    return found


def _shown(value: Any, node: Mapping[str, Any]) -> Any:
    return MASK if node.get(schemas.SECRET) and value not in (None, "") else value
