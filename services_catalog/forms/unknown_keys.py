"""Keys that a chart does not seem to know, where its schema lets anything pass: likely typing errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from portal.core import pointers
from portal.core.pointers import Path
from services_catalog import schemas
from services_catalog.messages import Problem, problem
from services_catalog.models import OfferingVersion
from services_catalog.schemas import Schema


def unknown_keys(version: OfferingVersion, values: Mapping[str, Any]) -> list[Problem]:
    """A warning for each key of a person's values that neither the schema nor the chart's defaults have.

    Where a schema is closed the check itself refuses it; a place whose default is empty takes any key, and so
    does one that `x-slipway-open` marks.
    """
    root = version.values_schema
    return list(_unknown(schemas.expanded(root, root), values, version.default_values, (), root))


def _unknown(
    nodes: list[dict[str, Any]], given: Mapping[str, Any], defaults: Any, path: Path, root: Schema
) -> Iterator[Problem]:
    known = {name for node in nodes for name in node.get("properties") or {}}
    known |= {str(key) for key in defaults} if isinstance(defaults, Mapping) else set()
    free = not known or any(map(_is_free, nodes))
    for key, value in given.items():
        place = (*path, key)
        if key in known or free:
            inner = schemas.within(nodes, key, root)
            if isinstance(value, Mapping):
                yield from _unknown(inner, value, pointers.get(defaults, (key,)), place, root)
        elif not any(_is_closed(node) for node in nodes):
            yield problem(place, _sentence(key, sorted(known)), "unknown-key")


def _is_free(node: Schema) -> bool:
    """Any key is meant to be given here."""
    more = node.get("additionalProperties")
    return bool(node.get(schemas.OPEN) or node.get("patternProperties") or (more and more is not True))


def _is_closed(node: Schema) -> bool:
    return node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False


def _sentence(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    said = f"The chart's values.yaml knows no such key: {key}."
    return f"{said} Did you mean {near[0]}?" if near else f"{said} It may have no effect."
